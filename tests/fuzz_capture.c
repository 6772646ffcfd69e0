/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Fuzz driver: whatever the bytes, a replay refuses the capture with one error, or plays it all
 * into a small network, where every packet is conserved. */
#include "components/traffic/traffic.h"
#include "emu/core/capture.h"
#include "emu/core/param.h"
#include "tests/fuzz.h"

static void set(Component *c, const char *name, const char *value) {
    g_autoptr(GError) error = NULL;
    if (!param_set(param_find(c->class->params, name), c, value, NULL, &error))
        g_error("%s = %s: %s", name, value, error->message);
}

static void play(const char *path, const char *encapsulate, const char *timing) {
    g_autoptr(GError) error = NULL;
    const Component *failed = NULL;
    Network *net = network_new(&(NetworkOptions){.seed = 1});
    Component *replay = network_add(net, &replay_class, "traffic"),
              *sink = network_add(net, &sink_class, "sink");
    set(replay, "file", path);
    set(replay, "limit", "300");
    set(replay, "loop", "2");
    set(replay, "encapsulate", encapsulate);
    set(replay, "timing", timing);
    set(sink, "ports", "1");
    bool good = network_create(net, &error) &&
                network_link(replay, 0, sink, 0, (LinkSpeed){.delay = 1}, &error) &&
                network_start(net, &failed, &error);
    if (good == !!error) g_error("started and an error, or neither");
    Sim *sim = network_sim(net);
    while (good && !network_idle(net)) sim_run_until(sim, sim_next_time(sim));
    if (good && !network_stop(net, &error)) g_error("%s", error->message);
    network_free(net);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const char *path = fuzz_file(data, size);
    play(path, "yes", "original");
    play(path, "yes", "rate");
    play(path, "no", "rate");
    return 0;
}
