/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The main of a fuzz driver without a fuzzer: the files named, one after the other. A finding ends
 * the program as it would end the fuzzer's. */
#include <stdio.h>

#include "tests/fuzz.h"

int main(int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        g_autofree char *data = NULL;
        g_autoptr(GError) error = NULL;
        size_t size;
        if (!g_file_get_contents(argv[i], &data, &size, &error)) g_error("%s", error->message);
        fprintf(stderr, "%s\n", argv[i]); /* the last one is the finding */
        LLVMFuzzerTestOneInput((const uint8_t *)data, size);
    }
    return 0;
}
