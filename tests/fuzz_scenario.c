/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * libFuzzer driver: whatever the bytes, the scenario reader answers with a scenario or one error.
 */
#include <unistd.h>

#include "components/classes.h"
#include "emu/scenario.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static char path[64];
    if (!*path) g_snprintf(path, sizeof path, "/tmp/sppemu-fuzz-%d.ini", (int)getpid());
    if (!g_file_set_contents(path, (const char *)data, (gssize)size, NULL)) return 0;
    g_autoptr(GError) error = NULL;
    Scenario *s = scenario_load(path, NULL, component_classes, &error);
    if (!s == !error) g_error("a scenario and an error, or neither");
    g_free(s ? scenario_resolved(s, scenario_n_points(s) - 1) : NULL);
    scenario_free(s);
    return 0;
}
