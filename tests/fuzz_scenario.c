/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Fuzz driver: whatever the bytes, the scenario reader answers with a scenario or one error. */
#include "components/classes.h"
#include "emu/scenario/scenario.h"
#include "tests/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    g_autoptr(GError) error = NULL;
    Scenario *s = scenario_load(fuzz_file(data, size), NULL, component_classes, &error);
    if (!s == !error) g_error("a scenario and an error, or neither");
    g_free(s ? scenario_resolved(s, scenario_n_points(s) - 1) : NULL);
    scenario_free(s);
    return 0;
}
