/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The list of code options, and filters as people write them. */
#include "fastpath/options/options.h"

#include <string.h>

#include "fastpath/text.h"

#define OPTION(name) extern const FpCodeOption name##_option;
#include "fastpath/options/options.def"

const FpCodeOption *const fp_code_options[] = {
#define OPTION(name) &name##_option,
#include "fastpath/options/options.def"
    NULL};

const char fp_option_choices[] = ""
#define OPTION(name) "|" #name
#include "fastpath/options/options.def"
    ;

int fp_code_option_find(const char *name) {
    for (int i = 0; fp_code_options[i]; i++)
        if (!strcmp(fp_code_options[i]->name, name)) return i;
    return -1;
}

/* "0a01/ffff" */
static bool read_hex(const char *text, FpFilterKey *key) {
    char head[2 * FP_KEY_BYTES + 1];
    const char *mask = text ? strchr(text, '/') : NULL;
    size_t digits = mask ? (size_t)(mask - text) : 0;
    unsigned n;
    if (!mask) {
        if (!text_bytes(text, FP_KEY_BYTES, key->key, &n)) return false;
        memset(key->mask, 0xff, n);
        return true;
    }
    if (digits >= sizeof head) return false;
    memcpy(head, text, digits);
    head[digits] = 0;
    return text_bytes(head, FP_KEY_BYTES, key->key, &n) &&
           text_bytes(mask + 1, FP_KEY_BYTES, key->mask, &n);
}

bool fp_read_key(const FpCodeOption *o, const char *const *words, unsigned *at, FpFilterKey *key) {
    memset(key, 0, sizeof *key);
    *at = 0;
    if (!words[0] || strcmp(words[0], "key") != 0)
        return o->read_key && words[0] && o->read_key(words, at, key);
    *at = 1;
    if (!read_hex(words[1], key)) return false;
    *at = 2;
    return true;
}

bool fp_read_route(const FpCodeOption *o, const char *text, unsigned n_interfaces, FpFilterKey *key,
                   FpResult *result, bool *data) {
    enum { LONGEST = 255, MOST = 12 };
    char copy[LONGEST + 1], *rest = copy;
    const char *words[MOST + 4] = {0}; /* NULL is behind the last, however many are looked at */
    unsigned n = 0, at;
    uint32_t interface;
    if (strlen(text) > LONGEST) return false;
    strcpy(copy, text);
    for (char *w; (w = strtok_r(rest, " \t\r\n", &rest)); n++) {
        if (n == MOST) return false;
        words[n] = w;
    }
    *result = (FpResult){.verdict = FP_FORWARD};
    if (!fp_read_key(o, words, &at, key) || !text_number(words[at], n_interfaces - 1, &interface) ||
        !text_host(words[at + 1], &result->next_hop, &result->next_port))
        return false;
    result->interface = (uint16_t)interface;
    at += 2;
    *data = words[at] != NULL;
    return !*data ||
           (text_number(words[at], o->data_max ? o->data_max : UINT32_MAX, &result->data) &&
            !words[at + 1]);
}
