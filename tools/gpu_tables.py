#!/usr/bin/env python3
"""Turns data/gpu_models.json and data/mig_profiles.json into constexpr C++ tables.

Usage: gpu_tables.py MODELS MIG_PROFILES OUTPUT

Checks both files and fails, naming the entry and the field, before it writes anything.
"""
import json
import pathlib
import re
import sys

ARCHITECTURES = ("Pascal", "Volta", "Turing", "Ampere", "Ada", "Hopper", "Blackwell")
MARKS = ("verified", "inferred", "unknown")


class BadData(Exception):
    """A fact that cannot be right; the message names the file, the entry and the field."""


def check(holds, where, message):
    if not holds:
        raise BadData(f"{where}: {message}")


def without_repeats(pairs):
    """A JSON object as a dict; a key written twice is an error, not an overwrite."""
    found = dict(pairs)
    check(len(found) == len(pairs), "object", f"a key stands twice in {[k for k, _ in pairs]}")
    return found


def whole(value, least=0):
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def mark_of(value):
    """The evidence of one field: a list of sources, text that starts INFERRED, or null."""
    if value is None:
        return "unknown"
    return "inferred" if isinstance(value, str) and value.startswith("INFERRED") else "verified"


def check_profile(profile, board, where):
    check(re.fullmatch(r"\d+g\.\d+gb([+-][a-z.]+)?", profile["name"]), where, "not a profile name")
    check(profile["name"].startswith(f"{profile['computeSlices']}g."), where,
          f"computeSlices is {profile['computeSlices']}")
    check(profile["memorySlices"] == profile["size"], where, "memorySlices and size differ")
    check(profile["memoryMiB"] is None or whole(profile["memoryMiB"], 1), where, "bad memoryMiB")
    check(whole(profile["maxInstances"], 1), where, "bad maxInstances")
    check(set(profile["verified"]) >= {"placements", "memoryMiB"}, where, "marks are missing")
    for field in ("placements", "memoryMiB"):
        known = profile[field] is not None
        check(known == (mark_of(profile["verified"][field]) != "unknown"), where,
              f"{field} is {'known' if known else 'unknown'}, its mark says otherwise")
    if profile["placements"] is None:
        return
    starts, size, axis = profile["placements"], profile["size"], board["memorySlices"]
    check(axis is not None, where, "has placements, but the board has no memorySlices")
    check(whole(size, 1), where, f"size is {size}")
    check(all(whole(s) for s in starts) and starts == sorted(set(starts)), where,
          f"placements {starts} do not ascend")
    check(all(s + size <= axis for s in starts), where,
          f"a placement of size {size} reaches past the axis of {axis}")


def check_board(key, board):
    where = f"mig_profiles.json: {key}"
    names = [profile["name"] for profile in board["profiles"]]
    check(names and len(names) == len(set(names)), where, f"profiles are empty or repeat: {names}")
    ids = [p["id"] for p in board["profiles"] if p["id"] is not None]
    check(len(ids) == len(set(ids)), where, f"profile ids repeat: {ids}")
    for profile in board["profiles"]:
        check_profile(profile, board, f"{where}: {profile['name']}")


def check_model(model, boards):
    where = f"gpu_models.json: {model['name']}"
    check(re.fullmatch(r"[A-Za-z0-9-]+-\d+GB", model["name"]), where, "a name ends in its memory")
    check(model["products"] and len(set(model["products"])) == len(model["products"]), where,
          "products are empty or repeat")
    for product in model["products"]:
        check(re.fullmatch(r"[A-Za-z0-9._-]+", product), where,
              f"product {product!r} is not as feature discovery writes it")
    for pci in model["pciIds"]:
        check(re.fullmatch(r"0x[0-9A-F]{4}10DE", pci), where, f"pciIds has {pci!r}")
    check(model["architecture"] in ARCHITECTURES, where, f"architecture {model['architecture']!r}")
    check(re.fullmatch(r"\d+\.\d+", model["computeCapability"]), where, "bad computeCapability")
    check(whole(model["memoryMiB"], 1), where, "bad memoryMiB")
    link = model["nvlink"]
    check(whole(link["generation"]) and whole(link["gbPerSecond"]), where, "bad nvlink")
    check((link["generation"] == 0) == (link["gbPerSecond"] == 0), where,
          "nvlink has a generation or a speed, not both")
    check(set(model["evidence"]) == {"products", "memory", "nvlink"}, where, "evidence is missing")
    check(all(mark in MARKS for mark in model["evidence"].values()), where, "bad evidence mark")
    check(model["source"], where, "no source")
    check(model["mig"] is None or model["mig"] in boards, where,
          f"mig {model['mig']!r} is not in mig_profiles.json")
    if model["mig"]:
        board = boards[model["mig"]]
        for field in ("architecture", "computeCapability"):
            check(model[field] == board[field], where, f"{field} is not that of {model['mig']}")


def check_together(models, boards):
    names = [model["name"].lower() for model in models]
    check(len(names) == len(set(names)), "gpu_models.json", "a name stands twice")
    owners = {}
    for model in models:
        for product in model["products"]:
            owners.setdefault(product.lower(), []).append(model)
    for product, sharing in owners.items():
        sizes = sorted(model["memoryMiB"] for model in sharing)
        apart = all(big * 4 >= small * 5 for small, big in zip(sizes, sizes[1:]))
        check(apart, "gpu_models.json", f"product {product!r} is in "
              f"{[m['name'] for m in sharing]}, which their memory does not tell apart")
    pci = [i for model in models for i in model["pciIds"]]
    check(len(pci) == len(set(pci)), "gpu_models.json", "a PCI id stands twice")
    for key, board in boards.items():
        for product in board["productNames"]:
            users = [m["mig"] for m in owners.get(product.lower(), [])]
            check(key in users, f"mig_profiles.json: {key}", f"no model has product {product!r}")


def text(value):
    return json.dumps(value)


def number(value):
    return "-1" if value is None else str(value)


def optional(value, wrap):
    return "std::nullopt" if value is None else wrap.format(value)


def evidence(mark):
    return f"Evidence::k{mark.capitalize()}"


def largest_first(profile):
    slices = profile["memorySlices"] or 0
    plain = re.search(r"[+-]", profile["name"]) is None
    return (-profile["computeSlices"], -slices, not plain, profile["name"])


def profile_row(profile, model, own, starts):
    marks = {field: mark_of(profile["verified"][field]) for field in ("placements", "memoryMiB")}
    if not own:  # the table was read from a sister board
        marks = {f: "inferred" if m == "verified" else m for f, m in marks.items()}
    processors = profile["multiprocessors"] if model["migMultiprocessorsKnown"] else None
    return "    {" + ", ".join([
        text(profile["name"]), number(profile["id"]), str(profile["computeSlices"]),
        str(profile["memorySlices"] or 0), optional(profile["memoryMiB"], "base::MiB({})"),
        optional(processors, "{}"), starts, str(profile["maxInstances"]),
        evidence(marks["placements"]), evidence(marks["memoryMiB"])]) + "},"


def model_row(model, board, index):
    major, minor = model["computeCapability"].split(".")
    link = model["nvlink"]
    pci = f"kPciIds{index}" if model["pciIds"] else "{}"
    return "    {" + ", ".join([
        text(model["name"]), f"kProducts{index}", pci,
        f"Architecture::k{model['architecture']}", major, minor,
        f"base::MiB({model['memoryMiB']})",
        f"{{{link['generation']}, {link['gbPerSecond']}, {str(link['bridge']).lower()}}}",
        str((board or {}).get("memorySlices") or 0), str((board or {}).get("computeSlices") or 0),
        str(bool(board) and not board["resetlessMigToggle"]).lower(),
        f"kProfiles{index}" if board else "{}"]) + "},"


def strings(name, values):
    return f"constexpr std::string_view {name}[] = {{{', '.join(map(text, values))}}};"


def tables(models, boards):
    arrays, rows = [], []
    for index, model in enumerate(sorted(models, key=lambda m: m["name"])):
        board = boards.get(model["mig"])
        arrays.append(strings(f"kProducts{index}", model["products"]))
        if model["pciIds"]:
            arrays.append(strings(f"kPciIds{index}", model["pciIds"]))
        if board:
            own = bool(set(model["products"]) & set(board["productNames"]))
            body = []
            for n, profile in enumerate(sorted(board["profiles"], key=largest_first)):
                starts = "{}"
                if profile["placements"]:
                    starts = f"kStarts{index}_{n}"
                    listed = ", ".join(map(str, profile["placements"]))
                    arrays.append(f"constexpr int {starts}[] = {{{listed}}};")
                body.append(profile_row(profile, model, own, starts))
            arrays += [f"constexpr MigProfile kProfiles{index}[] = {{", *body, "};"]
        rows.append(model_row(model, board, index))
    return "\n".join([*arrays, "constexpr Model kModels[] = {", *rows, "};", ""])


def main(models_path, mig_path, output_path):
    def read(path):
        return json.loads(pathlib.Path(path).read_text(encoding="utf-8"),
                          object_pairs_hook=without_repeats)

    models = read(models_path)["models"]
    boards = {key: board for key, board in read(mig_path).items() if key != "_meta"}
    for key, board in boards.items():
        check_board(key, board)
    for model in models:
        check_model(model, boards)
    check_together(models, boards)
    pathlib.Path(output_path).write_text(tables(models, boards), encoding="utf-8")


if __name__ == "__main__":
    try:
        main(*sys.argv[1:4])
    except (BadData, json.JSONDecodeError, OSError) as problem:
        sys.exit(f"gpu_tables.py: {problem}")
    except KeyError as problem:
        sys.exit(f"gpu_tables.py: an entry has no field {problem}")
