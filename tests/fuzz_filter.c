/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Fuzz driver: whatever the text, it is a filter or a request of a slice, or there is one error;
 * and what is a request, the management processor carries out. The slices' state lasts for some
 * inputs, because an NPE takes long to build. */
#include <string.h>

#include "components/classes.h"
#include "components/slice/slice.h"
#include "emu/scenario/scenario.h"
#include "fastpath/text.h"
#include "tests/fuzz.h"

enum { INPUTS = 5000 };

static const char scenario_text[] = "[npe npe0]\n[slice a]\nnpe = npe0\n"
                                    "[slice b]\nnpe = npe0\ncode_option = label\n"
                                    "udp_port = 30001\nvlan = 101\nqueues = 0:50% 0 4\n";

static Network *build(void) {
    g_autoptr(GError) error = NULL;
    const Component *failed = NULL;
    const char *path = fuzz_file((const uint8_t *)scenario_text, strlen(scenario_text));
    Scenario *s = scenario_load(path, NULL, component_classes, &error);
    Network *net = s ? scenario_build(s, 0, &(NetworkOptions){.seed = 1}, &error) : NULL;
    if (!net || !network_start(net, &failed, &error)) g_error("%s", error->message);
    scenario_free(s);
    return net;
}

static void one(Network *net, const char *name, const char *text) {
    g_autoptr(GError) error = NULL, refusal = NULL;
    Slice *s = (Slice *)(void *)network_find(net, name);
    SliceFilter f;
    bool good = slice_parse_filter(s, text, &f, &error);
    if (good == !!error) g_error("a filter and an error, or neither");
    if (good && slice_check_filter(s, &f, true, &refusal) == !!refusal)
        g_error("in order and an error, or neither");
    const char *space = strchr(text, ' ');
    g_autofree char *verb = space ? g_strndup(text, (size_t)(space - text)) : g_strdup(text);
    g_clear_error(&error);
    if (slice_command(&s->base, verb, space ? space + 1 : "", &error) == !!error)
        g_error("a request and an error, or neither");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static Network *net;
    static unsigned inputs;
    g_autofree char *text = g_strndup((const char *)data, size);
    uint32_t number = 0;
    uint16_t port = 0;
    unsigned length = 0, n = 0;
    uint8_t bytes[FP_KEY_BYTES];
    if (text_number(text, 99, &number) && number > 99) g_error("a number above its limit");
    if (text_prefix(text, &number, &length) && length > 32) g_error("a prefix of %u bits", length);
    if (text_host(text, &number, &port) && !port) g_error("port 0");
    if (text_bytes(text, sizeof bytes, bytes, &n) && (!n || n > sizeof bytes)) g_error("%u", n);
    if (net && ++inputs % INPUTS == 0) g_clear_pointer(&net, network_free);
    if (!net) net = build();
    one(net, "a", text);
    one(net, "b", text);
    Sim *sim = network_sim(net);
    sim_run_until(sim, sim_now(sim) + SIM_MS);
    return 0;
}
