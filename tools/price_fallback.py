#!/usr/bin/env python3
"""The fallback rows of data/prices.csv: a price per GPU and hour for each model.

Usage: price_fallback.py TABLE            prints the rows that the named rows of TABLE give
       price_fallback.py --check TABLE    fails where the fallback rows of TABLE are not those
       price_fallback.py --write TABLE    replaces the fallback rows of TABLE

How: in each cloud's main region, take on-demand price / GPUs of every instance type of the model;
the cloud's figure is the median of those, the model's is the median over clouds. Of two in the
middle the lower one counts, so that waste is never overstated. Rounded to a millionth of a dollar.
A model that no main region has gets no fallback row, and neither does one that is not NVIDIA's.
Spot stays unknown: it differs too much by zone and hour to be carried over.
"""
import csv
import decimal
import io
import sys

# Where each cloud has most of its GPU types.
MAIN_REGIONS = {"aws": "us-east-1", "azure": "eastus", "gcp": "us-central1", "nebius": "eu-north1"}
NOT_NVIDIA = ("MI300X-192GB",)
MILLIONTH = decimal.Decimal("0.000001")


def lower_median(figures):
    return sorted(figures)[(len(figures) - 1) // 2]


def per_gpu(row):
    price = decimal.Decimal(row["on_demand_usd_per_h"]) / int(row["gpu_count"])
    return price.quantize(MILLIONTH, decimal.ROUND_HALF_UP)


def in_main_region(row):
    return (row["instance_type"] and row["on_demand_usd_per_h"]
            and MAIN_REGIONS.get(row["cloud"]) == row["region"])


def fallback_row(model, rows):
    clouds = sorted({row["cloud"] for row in rows})
    figures = [lower_median([per_gpu(row) for row in rows if row["cloud"] == cloud])
               for cloud in clouds]
    price = format(lower_median(figures).normalize(), "f")
    places = ", ".join(f"{cloud} {MAIN_REGIONS[cloud]}" for cloud in clouds)
    return {"cloud": "", "region": "", "instance_type": "", "gpu_model": model, "gpu_count": "1",
            "on_demand_usd_per_h": price, "spot_usd_per_h": "",
            "as_of": min((row["as_of"] for row in rows if row["as_of"]), default=""),
            "source": f"median per GPU of this table: {places}"}


def fallback_rows(table):
    named = [row for row in table if in_main_region(row)]
    models = sorted({row["gpu_model"] for row in named} - set(NOT_NVIDIA))
    return [fallback_row(model, [row for row in named if row["gpu_model"] == model])
            for model in models]


def as_csv(columns, rows):
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def main(arguments):
    mode = arguments[0] if arguments and arguments[0].startswith("--") else ""
    paths = arguments[1:] if mode else arguments
    if len(paths) != 1 or mode not in ("", "--check", "--write"):
        sys.exit(__doc__)
    with open(paths[0], newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        table = list(reader)
    columns = reader.fieldnames
    wanted = fallback_rows(table)
    if mode == "--write":
        named = [row for row in table if row["instance_type"]]
        with open(paths[0], "w", newline="", encoding="utf-8") as file:
            file.write(as_csv(columns, named + wanted))
    elif mode == "--check":
        found = [row for row in table if not row["instance_type"]]
        if found != wanted:
            sys.exit(f"{paths[0]}: the fallback rows are not the medians of the named rows; "
                     f"run tools/price_fallback.py --write {paths[0]}")
        print(f"{paths[0]}: {len(found)} fallback rows equal the medians of the named rows")
    else:
        sys.stdout.write(as_csv(columns, wanted))


if __name__ == "__main__":
    main(sys.argv[1:])
