/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What PlanetLab Central and a node know of slices: the rules of PlanetLab's Node Manager against a
 * twin, JSON there and back, loans, tickets. */
#include <glib.h>

#include "components/control/database.h"
#include "tests/check.h"
#include "tests/dice.h"

static const char *const example =
    "{\"timestamp\": 600, \"slivers\": ["
    "{\"name\": \"wustl_router\", \"slice_id\": 7, \"instantiation\": \"plc-instantiated\","
    " \"expires\": 700.5, \"keys\": \"ssh-rsa AAAA\", \"nodes\": [\"spp\"],"
    " \"attributes\": [{\"name\": \"cpu_share\", \"value\": \"64\"},"
    "  {\"name\": \"spp_code_option\", \"value\": \"ipv4\"}]},"
    "{\"name\": \"mit_dns\"}]}";

static void records_are_read_as_plc_writes_them(void) {
    g_autoptr(Database) db = database_new();
    GError *error = NULL;
    CHECK(database_read(db, example, &error));
    CHECK_U64(database_size(db), 2);
    CHECK_TEXT(database_nth(db, 0)->name, "mit_dns");
    const SliceRecord *r = database_find(db, "wustl_router"), *d = database_find(db, "mit_dns");
    CHECK_U64(r->slice_id, 7);
    CHECK_U64(r->expires, 700 * SIM_S + 500 * SIM_MS);
    CHECK_TEXT(slice_record_attribute(r, "spp_code_option"), "ipv4");
    CHECK_U64(r->rspec[RSPEC_CPU_SHARE], 64);
    CHECK_U64(d->rspec[RSPEC_CPU_SHARE], 32); /* Node Manager's DEFAULT_ALLOCATION */
    CHECK_U64(d->rspec[RSPEC_DISK_MAX], 5000000);
    CHECK_U64(d->expires, SIM_NEVER);
    CHECK(slice_record_at(r, "spp") && !slice_record_at(r, "other") && slice_record_at(d, "any"));
    g_autofree char *text = database_write(db, 600 * SIM_S);
    g_autoptr(Database) again = database_new();
    CHECK(database_read(again, text, NULL));
    g_autofree char *text_again = database_write(again, 600 * SIM_S);
    CHECK_TEXT(text_again, text);
}

static void what_makes_no_sense_is_refused_by_one_sentence(void) {
    static const struct {
        const char *json, *sentence;
    } cases[] = {
        {"{", "line 1: "},
        {"{}", "expected {\"slivers\": [...]}, and perhaps \"timestamp\""},
        {"{\"slivers\": [{}]}", "sliver 1: name: found \"\", expected SITE_SLICE"},
        {"{\"slivers\": [{\"name\": \"Router\"}]}", "name: found \"Router\", expected SITE_SLICE"},
        {"{\"slivers\": [{\"name\": \"a_b\", \"expire\": 3}]}",
         "sliver 1: a_b: found \"expire\", expected expires"},
        {"{\"slivers\": [{\"name\": \"a_b\", \"expires\": -3}]}", "a_b: expires: expected seconds"},
        {"{\"slivers\": [{\"name\": \"a_b\", \"slice_id\": \"7\"}]}", "slice_id: expected a whole"},
        {"{\"slivers\": [{\"name\": \"a_b\", \"nodes\": \"spp\"}]}", "nodes: expected a list"},
        {"{\"slivers\": [{\"name\": \"a_b\", \"attributes\": [{\"name\": \"x\"}]}]}",
         "attributes: expected {\"name\": ..., \"value\": ...}, both texts, as number 1"},
        {"{\"slivers\": [{\"name\": \"a_b\", \"instantiation\": \"plc\"}]}",
         "instantiation: found \"plc\", expected plc-instantiated, delegated"},
        {"{\"slivers\": [{\"name\": \"a_b\", \"loans\": [[\"c_d\", \"enabled\", 1]]}]}",
         "loans: expected [SLICE, RESOURCE, AMOUNT] as number 1"},
        {"{\"slivers\": [{\"name\": \"a_b\"}, {\"name\": \"a_b\"}]}",
         "sliver 2: found \"a_b\" again"}};
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Database) db = database_new();
        g_autoptr(GError) error = NULL;
        CHECK(!database_read(db, cases[i].json, &error));
        CHECK_CONTAINS(error ? error->message : "", cases[i].sentence);
    }
}

/* The twin: for every name its record's timestamp and when it expires, or nothing. */
enum { NAMES = 12 };
typedef struct {
    bool there;
    SimTime timestamp, expires;
} Entry;

static void updates_follow_node_managers_rules(void) {
    g_autoptr(Database) db = database_new();
    Entry twin[NAMES] = {{0}};
    SimTime least = 0, now = 0;
    for (unsigned step = 0; step < 20000; step++) {
        now += dice(3) * SIM_S;
        if (dice(40) == 0) {
            unsigned gone = 0;
            least = now - MIN(now, dice(10) * SIM_S);
            for (unsigned i = 0; i < NAMES; i++)
                if (twin[i].there && twin[i].timestamp < least) {
                    twin[i].there = false;
                    gone++;
                }
            CHECK_U64(database_full_update(db, least), gone);
        } else if (dice(10) == 0) {
            unsigned gone = 0;
            for (unsigned i = 0; i < NAMES; i++)
                if (twin[i].there && twin[i].expires < now) {
                    twin[i].there = false;
                    gone++;
                }
            CHECK_U64(database_sync(db, now), gone);
        } else {
            unsigned n = (unsigned)dice(NAMES);
            g_autofree char *name = g_strdup_printf("site_s%u", n);
            SliceRecord *r = slice_record_new(name);
            Entry e = {true, now - MIN(now, dice(20) * SIM_S), now + dice(60) * SIM_S};
            r->timestamp = e.timestamp;
            r->expires = e.expires;
            bool news = twin[n].there ? e.timestamp > twin[n].timestamp : e.timestamp >= least;
            if (news) twin[n] = e;
            CHECK(database_deliver(db, r) == news);
        }
        unsigned there = 0;
        for (unsigned i = 0; i < NAMES; i++) {
            g_autofree char *name = g_strdup_printf("site_s%u", i);
            const SliceRecord *r = database_find(db, name);
            CHECK((r != NULL) == twin[i].there);
            there += twin[i].there;
            if (r) CHECK_U64(r->timestamp, twin[i].timestamp);
            if (r) CHECK_U64(r->expires, twin[i].expires);
        }
        CHECK_U64(database_size(db), there);
    }
}

static void what_the_node_keeps_of_a_slice_outlives_updates(void) {
    g_autoptr(Database) db = database_new();
    SliceLoan loan = {(char *)"site_b", RSPEC_CPU_SHARE, 8};
    database_deliver(db, slice_record_new("site_a"));
    SliceRecord *a = database_find(db, "site_a");
    g_free(a->gpe);
    a->gpe = g_strdup("gpe1");
    CHECK(database_set_loans(db, "site_a", &loan, 1, NULL));
    uint64_t version = database_version(db);
    SliceRecord *next = slice_record_new("site_a");
    next->timestamp = SIM_S;
    CHECK(database_deliver(db, next));
    CHECK_U64(database_version(db), version); /* it says the same as before */
    CHECK_TEXT(database_find(db, "site_a")->gpe, "gpe1");
    CHECK_U64(database_find(db, "site_a")->loans->len, 1);
}

static int64_t effective(const Database *db, const char *name, Rspec what) {
    return database_find(db, name)->effective[what];
}

static void loans_beyond_what_is_left_are_silently_discarded(void) {
    g_autoptr(Database) db = database_new();
    database_deliver(db, slice_record_new("site_a"));
    database_deliver(db, slice_record_new("site_b"));
    database_deliver(db, slice_record_new("site_c"));
    SliceLoan loans[] = {{(char *)"site_b", RSPEC_CPU_SHARE, 20},
                         {(char *)"site_nobody", RSPEC_CPU_SHARE, 5}, /* not of this node */
                         {(char *)"site_c", RSPEC_CPU_SHARE, 12},     /* all that is left: strict */
                         {(char *)"site_c", RSPEC_CPU_SHARE, 11}};
    CHECK(database_set_loans(db, "site_a", loans, G_N_ELEMENTS(loans), NULL));
    CHECK_U64(effective(db, "site_a", RSPEC_CPU_SHARE), 32 - 20 - 11);
    CHECK_U64(effective(db, "site_b", RSPEC_CPU_SHARE), 32 + 20);
    CHECK_U64(effective(db, "site_c", RSPEC_CPU_SHARE), 32 + 11);
    /* What b has borrowed it cannot lend: 40 is more than its own 32. */
    SliceLoan on = {(char *)"site_c", RSPEC_CPU_SHARE, 40};
    CHECK(database_set_loans(db, "site_b", &on, 1, NULL));
    CHECK_U64(effective(db, "site_c", RSPEC_CPU_SHARE), 32 + 11);
    /* A borrower that goes gives it back, and there is enough for the 12 now. */
    database_remove(db, "site_b");
    database_sync(db, 0);
    CHECK_U64(effective(db, "site_a", RSPEC_CPU_SHARE), 32 - 12 - 11);
    SliceLoan bad = {(char *)"site_c", RSPEC_ENABLED, 1};
    g_autoptr(GError) error = NULL;
    CHECK(!database_set_loans(db, "site_a", &bad, 1, &error));
    CHECK_CONTAINS(error->message, "loan 1: expected 0 or more of cpu_min");
}

/* Whatever is lent, the node has as much to give as PLC gave it. */
static void loans_neither_make_nor_lose_anything(void) {
    g_autoptr(Database) db = database_new();
    for (unsigned i = 0; i < 8; i++) {
        g_autofree char *name = g_strdup_printf("site_s%u", i);
        database_deliver(db, slice_record_new(name));
    }
    for (unsigned step = 0; step < 500; step++) {
        g_autofree char *name = g_strdup_printf("site_s%u", (unsigned)dice(8));
        char to[6][16];
        SliceLoan loans[6];
        unsigned n = (unsigned)dice(6);
        for (unsigned i = 0; i < n; i++) {
            snprintf(to[i], sizeof to[i], "site_s%u", (unsigned)dice(10));
            loans[i] = (SliceLoan){to[i], RSPEC_CPU_SHARE, (int64_t)dice(20)};
        }
        CHECK(database_set_loans(db, name, loans, n, NULL));
        int64_t sum = 0;
        for (unsigned i = 0; i < 8; i++) {
            CHECK(database_nth(db, i)->effective[RSPEC_CPU_SHARE] > 0);
            sum += database_nth(db, i)->effective[RSPEC_CPU_SHARE];
        }
        CHECK_U64(sum, 8 * 32);
    }
}

static void a_ticket_is_good_only_as_it_was_sealed(void) {
    g_autoptr(SliceRecord) r = slice_record_new("site_a");
    slice_record_set(r, "cpu_min", "100");
    r->instantiation = DELEGATED;
    g_autofree char *ticket = ticket_write(r, "secret");
    g_autoptr(SliceRecord) good = ticket_read(ticket, "secret", NULL);
    CHECK(good && slice_record_same(good, r));
    CHECK_U64(good->rspec[RSPEC_CPU_MIN], 100);
    CHECK(ticket_read(ticket, "guess", NULL) == NULL);
    for (size_t i = 0; ticket[i]; i++) {
        ticket[i] ^= 1;
        CHECK(ticket_read(ticket, "secret", NULL) == NULL);
        ticket[i] ^= 1;
    }
}

int main(void) {
    static const Test tests[] = {TEST(records_are_read_as_plc_writes_them),
                                 TEST(what_makes_no_sense_is_refused_by_one_sentence),
                                 TEST(updates_follow_node_managers_rules),
                                 TEST(what_the_node_keeps_of_a_slice_outlives_updates),
                                 TEST(loans_beyond_what_is_left_are_silently_discarded),
                                 TEST(loans_neither_make_nor_lose_anything),
                                 TEST(a_ticket_is_good_only_as_it_was_sealed),
                                 {0}};
    return run_tests("database", tests);
}
