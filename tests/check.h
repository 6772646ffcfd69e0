/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * tests/check.h: CUnit with both values shown, a time limit per test and one closing line.
 *
 *   static void a_full_queue_drops(void) { CHECK_U64(qm_length(q, 0), 4); }
 *   int main(void) { static const Test tests[] = {TEST(a_full_queue_drops), {0}};
 *                    return run_tests("qm", tests); }
 *
 * Prints "ok SUITE NAME" or "FAILED SUITE NAME" per test; tests/run adds them up. */
#pragma once

#include <CUnit/Basic.h>
#include <inttypes.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <stdbool.h>
#include <unistd.h>

typedef struct {
    const char *name;
    void (*run)(void);
} Test;
#define TEST(f)                                                                                    \
    { #f, f }
#define TEST_SECONDS 120u

#define CHECK(cond)                                                                                \
    do {                                                                                           \
        bool holds_ = (cond);                                                                      \
        if (!holds_) printf("  %s:%d: %s is false\n", __FILE__, __LINE__, #cond);                  \
        CU_ASSERT(holds_);                                                                         \
    } while (0)
#define CHECK_U64(found, expected)                                                                 \
    do {                                                                                           \
        uint64_t f_ = (uint64_t)(found), e_ = (uint64_t)(expected);                                \
        if (f_ != e_)                                                                              \
            printf("  %s:%d: %s is %" PRIu64 ", expected %" PRIu64 "\n", __FILE__, __LINE__,       \
                   #found, f_, e_);                                                                \
        CU_ASSERT(f_ == e_);                                                                       \
    } while (0)
#define CHECK_NEAR(found, expected, tolerance)                                                     \
    do {                                                                                           \
        double f_ = (found), e_ = (expected), t_ = (tolerance);                                    \
        if (!(fabs(f_ - e_) <= t_))                                                                \
            printf("  %s:%d: %s is %.12g, expected %.12g +- %.3g\n", __FILE__, __LINE__, #found,   \
                   f_, e_, t_);                                                                    \
        CU_ASSERT(fabs(f_ - e_) <= t_);                                                            \
    } while (0)
#define CHECK_TEXT(found, expected)                                                                \
    do {                                                                                           \
        const char *f_ = (found), *e_ = (expected);                                                \
        if (!f_ || strcmp(f_, e_) != 0)                                                            \
            printf("  %s:%d: %s is \"%s\", expected \"%s\"\n", __FILE__, __LINE__, #found,         \
                   f_ ? f_ : "(null)", e_);                                                        \
        CU_ASSERT(f_ &&strcmp(f_, e_) == 0);                                                       \
    } while (0)
#define CHECK_CONTAINS(found, part)                                                                \
    do {                                                                                           \
        const char *f_ = (found), *e_ = (part);                                                    \
        if (!f_ || !strstr(f_, e_))                                                                \
            printf("  %s:%d: %s is \"%s\", expected it to contain \"%s\"\n", __FILE__, __LINE__,   \
                   #found, f_ ? f_ : "(null)", e_);                                                \
        CU_ASSERT(f_ &&strstr(f_, e_) != NULL);                                                    \
    } while (0)

static inline int run_tests(const char *suite_name, const Test *tests) {
    unsigned failed = 0;
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (const Test *t = tests; t->name; t++) {
        CU_initialize_registry();
        CU_pSuite suite = CU_add_suite(suite_name, NULL, NULL);
        CU_add_test(suite, t->name, t->run);
        CU_basic_set_mode(CU_BRM_SILENT);
        alarm(TEST_SECONDS);
        CU_basic_run_tests();
        alarm(0);
        bool ok = CU_get_number_of_failures() == 0;
        printf("%s %s %s\n", ok ? "ok" : "FAILED", suite_name, t->name);
        if (!ok) failed++;
        CU_cleanup_registry();
    }
    return failed ? 1 : 0;
}
