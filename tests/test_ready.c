/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A process's queue of what has something to do, against an array. */
#include "components/gpe/ready.h"

#include "emu/core/random.h"
#include "tests/check.h"

enum { N = 8 };

static void a_queue_does_as_an_array(void) {
    Ready all[N] = {{0}};
    ReadyQueue q = {0};
    unsigned twin[N], n = 0, taken = 0, removed = 0;
    Random random;
    random_seed(&random, 1, 0, "ready");
    for (unsigned i = 0; i < 100000; i++) {
        unsigned which = (unsigned)random_below(&random, N), at = 0;
        while (at < n && twin[at] != which) at++;
        switch (random_below(&random, 4)) {
        case 0:
        case 1:
            ready_put(&q, &all[which]);
            if (at == n) twin[n++] = which;
            break;
        case 2: {
            const Ready *r = ready_take(&q);
            CHECK(r == (n ? &all[twin[0]] : NULL));
            if (n) memmove(twin, twin + 1, --n * sizeof *twin);
            taken += r != NULL;
            break;
        }
        default:
            ready_remove(&q, &all[which]);
            if (at < n) memmove(twin + at, twin + at + 1, (--n - at) * sizeof *twin);
            removed += at < n;
        }
        CHECK(!!q.first == (n > 0));
    }
    CHECK(taken > 1000 && removed > 1000);
}

int main(void) {
    static const Test tests[] = {TEST(a_queue_does_as_an_array), {0}};
    return run_tests("ready", tests);
}
