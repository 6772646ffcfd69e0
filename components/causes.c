/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The table of packet causes. */
#include "components/causes.h"

const Cause causes[N_CAUSES] = {
#define X(symbol, name, text) [symbol] = {name, text},
    PACKET_GENERIC_CAUSES(X) COMPONENT_CAUSES(X)
#undef X
};

const char *const packet_cause_names[PACKET_MAX_CAUSES] = {
#define X(symbol, name, text) [symbol] = name,
    PACKET_GENERIC_CAUSES(X) COMPONENT_CAUSES(X)
#undef X
};
