/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "emu/html/html.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "emu/study/plot.h"

void html_put(GString *out, const char *format, ...) {
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_markup_vprintf_escaped(format, args);
    va_end(args);
    g_string_append(out, text);
}

const char *html_number(double value, unsigned digits) {
    static char texts[4][32];
    static unsigned turn;
    char *text = texts[turn++ % G_N_ELEMENTS(texts)];
    if (isnan(value)) return "-";
    g_snprintf(text, sizeof texts[0], "%.*g", (int)digits, value);
    return text;
}

char *html_id(const char *text) {
    GString *out = g_string_new(NULL);
    for (; *text; text++)
        g_string_append_c(out, g_ascii_isalnum(*text) || strchr("._-", *text) ? *text : '_');
    return g_string_free(out, FALSE);
}

/* Within a script element "<" could end it; within JSON's strings, where alone it stands, it may be
 * written otherwise. */
void html_json(GString *out, const char *id, json_t *doc) {
    char *text = json_dumps(doc, JSON_COMPACT | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(12));
    g_autoptr(GString) safe = g_string_new(text);
    free(text);
    json_decref(doc);
    g_string_replace(safe, "<", "\\u003c", 0);
    html_put(out, "<script type=\"application/json\" id=\"%s\">", id);
    g_string_append_printf(out, "%s</script>\n", safe->str);
}

/* Pictures -------------------------------------------------------------------------------- */

static void replace_all(char **text, const char *pattern, const char *with) {
    g_autoptr(GRegex) regex = g_regex_new(pattern, G_REGEX_DOTALL, 0, NULL);
    char *out = g_regex_replace(regex, *text, -1, 0, with, 0, NULL);
    g_free(*text);
    *text = out;
}

/* Markers of which none is drawn; later ones may use earlier ones. */
static void drop_unused(char **text, const char *id) {
    for (int n = 14; n >= 0; n--) {
        g_autofree char *use = g_strdup_printf("href='#%s-gpPt%d'", id, n),
                        *definition = g_strdup_printf("<[^<>]* id='%s-gpPt%d'[^<>]*/>", id, n);
        if (!strstr(*text, use)) replace_all(text, definition, "");
    }
}

static void replace_text(char **text, const char *what, const char *with) {
    GString *out = g_string_new(*text);
    g_string_replace(out, what, with, 0);
    g_free(*text);
    *text = g_string_free(out, FALSE);
}

/* A picture's colours by names, which the page has two values for, light and dark: --cN of curves,
 * --dN of dashed ones. */
static void name_colours(char **text) {
    for (unsigned n = 0; n < 2 * PLOT_COLOURS; n++) {
        bool darker = n >= PLOT_COLOURS;
        unsigned rgb = plot_colour(n, darker);
        g_autofree char *written =
            g_strdup_printf("rgb(%3u, %3u, %3u)", rgb >> 16, rgb >> 8 & 255, rgb & 255);
        g_autofree char *name =
            g_strdup_printf("var(--%c%u)", darker ? 'd' : 'c', n % PLOT_COLOURS);
        if (rgb) replace_text(text, written, name);
    }
    replace_all(text, "(['\"])(black|rgb\\(  0,   0,   0\\))\\1", "\\1var(--ink)\\1");
    replace_all(text, "(['\"])gray\\1", "\\1var(--faint)\\1");
    replace_text(text, "rgb(179, 116,   0)",
                 "var(--c4)"); /* what marks are drawn and called with */
    replace_text(text, "rgb(122,79,0)", "var(--mark)");
}

bool html_picture(GString *out, const char *path, const char *id, const char *text) {
    g_autofree char *svg = NULL;
    if (!g_file_get_contents(path, &svg, NULL, NULL)) return false;
    const char *view = strstr(svg, "viewBox=\""), *body = strstr(svg, "<g id=\"gnuplot_canvas\"");
    if (!view || !body) return false;
    const char *box = view + strlen("viewBox=\"");
    g_autofree char *size = g_strndup(box, strcspn(box, "\"")),
                    *ids = g_strdup_printf("\\1%s-", id), *inside = g_strdup(body);
    replace_all(&inside, "(\\bid=['\"]|href=['\"]#|url\\(#)", ids);
    replace_all(&inside, "xlink:href", "href");
    drop_unused(&inside, id);
    name_colours(&inside);
    replace_all(&inside, "<title>[^<]*</title>|<filter .*?</filter>|<desc>.*?</desc>", "");
    replace_all(&inside, "<g [^>]*>\\s*</g>\\s*", "");
    replace_all(&inside, "\\s*\n\\s*", "\n");
    html_put(out, "<svg class=\"gnuplot\" viewBox=\"%s\" role=\"img\" aria-label=\"%s\">\n", size,
             text);
    g_string_append(out, inside); /* with its closing tag */
    return true;
}
