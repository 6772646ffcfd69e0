/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A new component is one line here. */
#include "components/classes.h"

#include "components/gpe/gpe.h"
#include "components/npe.h"
#include "components/traffic/traffic.h"

const ComponentClass *const component_classes[] = {
    &npe_class,    &slice_class,   &source_class, &replay_class,  &sink_class, &tap_class,
    &spread_class, &reflect_class, &gpe_class,    &vserver_class, NULL};
