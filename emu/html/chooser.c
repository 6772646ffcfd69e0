/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "emu/html/private.h"

void web_chooser(WebPart *w) {
    (void)w;
}
