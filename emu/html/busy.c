/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "emu/html/private.h"

void web_busy(WebPart *w) {
    (void)w;
}
