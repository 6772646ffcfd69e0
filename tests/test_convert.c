/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * sppemu convert. Oracle: the file before, whose points have the same identities, in whatever
 * order; of tests/data/first-edition, and of small ones whose form is given. An argument is another
 * folder to look at, with a line for each of its files. */
#include "components/classes.h"
#include "emu/scenario/convert.h"
#include "emu/scenario/scenario.h"
#include "tests/bench.h"

static char *folder;
static const char *first_edition = "tests/data/first-edition";
static bool tell;

static char *written(const char *text) {
    g_autofree char *path = g_build_filename(folder, "s.ini", NULL);
    g_assert(g_file_set_contents(path, text, -1, NULL));
    return g_steal_pointer(&path);
}

static char *converted(const char *text) {
    g_autoptr(GError) error = NULL;
    g_autofree char *path = written(text);
    char *out = convert_file(path, NULL, component_classes, &error);
    return out ? out : g_strdup(error->message);
}

static int by_text(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The identities of all points, sorted; NULL and why, if it is no scenario. */
static GPtrArray *identities(const char *path, char **why) {
    g_autoptr(GError) error = NULL;
    Scenario *s = scenario_load(path, NULL, component_classes, &error);
    GPtrArray *all = s ? g_ptr_array_new_with_free_func(g_free) : NULL;
    for (unsigned i = 0; s && i < scenario_n_points(s); i++)
        g_ptr_array_add(all, scenario_identity(s, i));
    if (all) g_ptr_array_sort(all, by_text);
    if (!s) *why = g_strdup(error->message);
    scenario_free(s);
    return all;
}

static bool alike(const char *before, const char *after) {
    g_autofree char *why = NULL;
    g_autoptr(GPtrArray) a = identities(before, &why), b = a ? identities(after, &why) : NULL;
    bool same = a && b && a->len == b->len;
    for (unsigned i = 0; same && i < a->len; i++) same = !strcmp(a->pdata[i], b->pdata[i]);
    if (!same)
        printf("  %s: %u points, %u behind%s%s\n", before, a ? a->len : 0, b ? b->len : 0,
               why ? ": " : "", why ? why : "");
    return same;
}

/* Lines of 100 columns, without blank and comment lines. */
static unsigned size_of(const char *text) {
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    unsigned n = 0;
    for (unsigned i = 0; lines[i]; i++)
        if (*lines[i] && !strchr("#;", *lines[i])) n += ((unsigned)strlen(lines[i]) + 99) / 100;
    return n;
}

/* Into the folder, so that includers include what is converted too. */
static void first_edition_scenarios_keep_their_points(void) {
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    GDir *dir = g_dir_open(first_edition, 0, NULL);
    unsigned before = 0, after = 0;
    for (const char *name; dir && (name = g_dir_read_name(dir));)
        if (g_str_has_suffix(name, ".ini")) g_ptr_array_add(names, g_strdup(name));
    if (dir) g_dir_close(dir);
    CHECK(names->len > 3);
    g_ptr_array_sort(names, by_text);
    for (unsigned i = 0; i < names->len; i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *path = g_build_filename(first_edition, names->pdata[i], NULL),
                        *to = g_build_filename(folder, names->pdata[i], NULL), *old = NULL,
                        *new = convert_file(path, NULL, component_classes, &error);
        if (!new) printf("  %s\n", error->message);
        CHECK(new != NULL);
        if (!new) continue;
        g_assert(g_file_get_contents(path, &old, NULL, NULL) &&
                 g_file_set_contents(to, new, -1, NULL));
        before += size_of(old);
        after += size_of(new);
        if (tell) printf("%-22s %4u %4u\n", (char *)names->pdata[i], size_of(old), size_of(new));
    }
    for (unsigned i = 0; i < names->len; i++) {
        g_autofree char *path = g_build_filename(first_edition, names->pdata[i], NULL),
                        *to = g_build_filename(folder, names->pdata[i], NULL);
        g_autofree char *new = NULL, *again = convert_file(to, NULL, component_classes, NULL);
        if (!g_file_get_contents(to, &new, NULL, NULL)) continue;
        CHECK(alike(path, to));
        CHECK_TEXT(again, new);
    }
    CHECK(3 * after < 2 * before);
}

static void becomes(const char *text, const char *expected) {
    g_autofree char *once = converted(text), *path = written(once),
                    *twice = convert_file(path, NULL, component_classes, NULL);
    CHECK_TEXT(once, expected);
    CHECK_TEXT(twice, once);
}

static void sections_that_count_are_an_array(void) {
    becomes("# one\n[tap t0]\ncapture = a0.pcap\n# two\n[tap t1]\n# why\ncapture = a1.pcap\n",
            "# one\n# two\n[tap t*2]\n# why\ncapture = a{i}.pcap\n");
    becomes("[source s0]\nnode_mac = 02:00:00:00:01:08\nudp_port = 500\n"
            "[source s1]\nudp_port = 400\nnode_mac = 02:00:00:00:01:09\n"
            "[source s2]\nnode_mac = 02:00:00:00:01:0a\nudp_port = 300\n",
            "[source s*3]\nnode_mac = 02:00:00:00:01:{8 + i:02x}\nudp_port = {500 - 100 * i}\n");
    becomes("[source s0]\nduration = 3.4s\n[source s1]\nstart = 0.6s\nduration = 3.0s\n"
            "[source s2]\nstart = 1.2s\nduration = 2600ms\n",
            "[source s*3]\nstart = {600 * i}ms\nduration = {3400 - 400 * i}ms\n");
    becomes(
        "[sink z]\n[link l0]\nlink = a0.0..4 -> b0.0..4\n[link l1]\nlink = a1.0..4 -> b0.5..9\n"
        "[link l2]\nlink = a2.0..4 -> b1.0..4\n[link l3]\nlink = a3.0..4 -> b1.5..9\n",
        "[sink z]\n\n[link l*4]\nlink = a{i}.0..4 -> b{i / 2}.{5 * (i % 2)}..{4 + 5 * (i % 2)}\n");
}

static void others_are_none(void) {
    static const char *const cases[] = {
        "[tap t0]\ncapture = a.pcap\n\n[tap t1]\ncapture = b.pcap\n",        /* no numbers */
        "[tap t0]\ncapture = a1.pcap\n\n[tap t1]\ncapture = a7.pcap\n",      /* any two count */
        "[tap t1]\ncapture = a1.pcap\n\n[tap t2]\ncapture = a2.pcap\n",      /* from 1 */
        "[tap t0]\ncapture = a0.pcap\n\n[tap t2]\ncapture = a2.pcap\n",      /* a gap */
        "[tap t0]\ncapture = a0.pcap\n\n[sink t1]\ncapture = a1.pcap\n",     /* two classes */
        "[source t0]\nstart = 1ms\n\n[source t1]\nrate = 2Gbit/s\n",         /* other keys */
        "[source t0]\nstart = ${1, 2}ms\n\n[source t1]\nstart = ${1, 2}ms\n" /* four points */
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) becomes(cases[i], cases[i]);
}

static void parallel_lists_are_series(void) {
    becomes("[source t]\npayload = ${0, 400}\n# of both\nrate = ${10, 20, 30, 1, 2}Mbit/s\n"
            "duration = ${with t.rate: 5, 5, 5, 50, 50}ms\n",
            "# of both\n[source t]\npayload = ${0, 400}\n\n[series duration 5ms]\n"
            "t.rate = ${10, 20, 30}Mbit/s\nt.duration = 5ms\n\n[series duration 50ms]\n"
            "t.rate = ${1, 2}Mbit/s\nt.duration = 50ms\n");
    static const char *const kept[] = {
        "[source t]\nrate = ${10, 20, 30}Mbit/s\nduration = ${with t.rate: 5, 6, 7}ms\n",
        "[source t]\nrate = ${1, 2, 3, 4}Mbit/s\nduration = ${with t.rate: 5, 5, 6, 6}ms\n\n"
        "[at 1ms]\nt = rate ${with t.rate: 1, 2, 3, 4}Mbit/s\n"};
    for (unsigned i = 0; i < G_N_ELEMENTS(kept); i++) becomes(kept[i], kept[i]);
}

static void what_stands_twice_is_a_text(void) {
    becomes(
        "[npe n]\n[slice a]\nnpe = n\nroutes = 10.0.0.0/16 0 1.1.1.1:1; 10.1.0.0/16 1 1.1.1.1:1\n"
        "[slice b]\nnpe = n\nroutes = 10.0.0.0/16 0 1.1.1.1:1; 10.1.0.0/16 1 1.1.1.1:1\n",
        "[npe n]\n\n[text routes]\n10.0.0.0/16 0 1.1.1.1:1\n10.1.0.0/16 1 1.1.1.1:1\n\n[slice a]\n"
        "npe = n\nroutes = @routes\n\n[slice b]\nnpe = n\nroutes = @routes\n");
    becomes(
        "[npe n]\n[slice a]\nnpe = n\nroutes = 10.0.0.0/16 0 1.1.1.1:1; 10.1.0.0/16 1 1.1.1.1:1\n",
        "[npe n]\n\n[slice a]\nnpe = n\n"
        "routes = 10.0.0.0/16 0 1.1.1.1:1; 10.1.0.0/16 1 1.1.1.1:1\n");
}

static void numbers_that_were_codes_are_words(void) {
    becomes("[gpe g]\ntokens = ${0, 2, 8}\nactive = 0\n[expect e]\n"
            "metric = max(g.x if g.tokens == 0 and g.tokens_rate > 0) + min(g.y if g.tokens > 0)\n",
            "[gpe g]\ntokens = ${default, 2, 8}\n\n[expect e]\n"
            "metric = max(g.x if g.tokens == default and g.tokens_rate > 0) + min(g.y if g.tokens "
            "!= default)\n");
}

static void defaults_go_unless_they_are_of_use(void) {
    becomes("[source t]\nports = 5\nrate = 1000Mbit/s\npayload = 7\n[link l]\n"
            "link = t.0 -> s.0\nrate = 1Gbit/s\n",
            "[source t]\npayload = 7\n\n[link l]\nlink = t.0 -> s.0\n");
    g_autofree char *base = g_build_filename(folder, "b.ini", NULL);
    g_assert(g_file_set_contents(base, "[source t]\nports = 3\n", -1, NULL));
    becomes("[scenario]\ninclude = b.ini\n[source t]\nports = 5\n",
            "[scenario]\ninclude = b.ini\n\n[source t]\nports = 5\n");
    becomes("[chassis spp]\npreset = development\n[slice s]\nvlan = 100\n",
            "[chassis spp]\npreset = development\n\n[slice s]\nvlan = 100\n");
}

static void what_cannot_be_read_is_refused(void) {
    g_autofree char *include = converted("[scenario]\ninclude = nowhere.ini\n"),
                    *line = converted("[tap t]\nwhat\n"), *class = converted("[tapp t]\n");
    CHECK_CONTAINS(include, "s.ini:2: found include = nowhere.ini");
    CHECK_CONTAINS(line, "s.ini:2: found \"what\"");
    CHECK_CONTAINS(class, "the nearest is [tap]");
    g_autofree char *chassis = converted("[gpe g]\ntokens = 0\n[chassis spp]\nslots = 14\n");
    CHECK_CONTAINS(chassis, "s.ini: cannot be converted: [chassis spp] slots: found \"14\"");
}

int main(int argc, char **argv) {
    static const Test tests[] = {TEST(first_edition_scenarios_keep_their_points),
                                 TEST(sections_that_count_are_an_array),
                                 TEST(others_are_none),
                                 TEST(parallel_lists_are_series),
                                 TEST(what_stands_twice_is_a_text),
                                 TEST(numbers_that_were_codes_are_words),
                                 TEST(defaults_go_unless_they_are_of_use),
                                 TEST(what_cannot_be_read_is_refused),
                                 {0}};
    tell = argc > 1;
    if (tell) first_edition = argv[1];
    folder = bench_folder();
    g_autofree char *here = g_get_current_dir(),
                    *data = g_build_filename(here, "scenarios", "data", NULL),
                    *link = g_build_filename(folder, "data", NULL);
    g_assert(symlink(data, link) == 0);
    int code = run_tests("convert", tests);
    bench_remove(folder);
    return code;
}
