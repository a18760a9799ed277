#include "metrics/page.h"

#include <gtest/gtest.h>

#include <limits>

namespace tangram::metrics {
namespace {

TEST(Page, WritesSortedText) {
  Page page;
  page.Gauge({"tangram_b_bytes", "Size of b\nin \\ bytes."}, {{"x", "2"}}, 4096);
  page.Gauge({"tangram_b_bytes", "not this"}, {{"x", "1"}, {"a", "q\"\\\n"}}, 0.5);
  page.Counter({"tangram_a_total", "What a did."}, {}, 3);
  page.Counter({"tangram_a_total", "What a did."}, {}, 4);
  EXPECT_EQ(page.Text(),
            "# HELP tangram_a_total What a did.\n"
            "# TYPE tangram_a_total counter\n"
            "tangram_a_total 4\n"
            "# HELP tangram_b_bytes Size of b\\nin \\\\ bytes.\n"
            "# TYPE tangram_b_bytes gauge\n"
            "tangram_b_bytes{a=\"q\\\"\\\\\\n\",x=\"1\"} 0.5\n"
            "tangram_b_bytes{x=\"2\"} 4096\n");
}

TEST(Page, NumbersAreThoseOfTheFormat) {
  Page page;
  page.Gauge({"a", ""}, {{"n", "1"}}, 85899345920.0);
  page.Gauge({"a", ""}, {{"n", "2"}}, std::numeric_limits<double>::infinity());
  page.Gauge({"a", ""}, {{"n", "3"}}, std::numeric_limits<double>::quiet_NaN());
  page.Gauge({"a", ""}, {{"n", "4"}}, 0.1);
  EXPECT_EQ(page.Text(),
            "# HELP a \n# TYPE a gauge\na{n=\"1\"} 85899345920\na{n=\"2\"} +Inf\na{n=\"3\"} NaN\n"
            "a{n=\"4\"} 0.1\n");
}

}  // namespace
}  // namespace tangram::metrics
