/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "emu/html/private.h"

void web_latency(WebPart *w) {
    (void)w;
}
