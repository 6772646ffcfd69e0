/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Fuzz driver: whatever the expression, it has a value over some runs or there is one error; and
 * what the check refuses has none. */
#include <math.h>
#include <string.h>

#include "emu/scenario/metric.h"
#include "tests/fuzz.h"

static const char *const names[] = {"a.b", "sink.delivered_pps", "traffic.rate", "x-y.z", NULL};

static bool lookup(const void *runs, unsigned run, const char *name, double *value) {
    (void)runs;
    for (unsigned i = 0; names[i]; i++)
        if (!strcmp(names[i], name)) {
            *value = run == 2 && i == 3 ? NAN : (run + 1) * (i - 1.5);
            return true;
        }
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    g_autofree char *text = g_strndup((const char *)data, size);
    for (unsigned n = 0; n <= 3; n += 3)
        for (unsigned aggregate = 0; aggregate < 2; aggregate++) {
            g_autoptr(GError) error = NULL, refusal = NULL;
            MetricRuns runs = {.n_runs = n, .lookup = lookup, .names = names};
            double value;
            bool good = aggregate ? metric_evaluate(text, &runs, &value, &error)
                                  : metric_evaluate_run(text, &runs, 0, &value, &error);
            if (good == !!error) g_error("a value and an error, or neither");
            if (metric_check(text, aggregate, &refusal) == !!refusal)
                g_error("in order and an error, or neither");
            if (good && refusal) g_error("has a value, but: %s", refusal->message);
        }
    return 0;
}
