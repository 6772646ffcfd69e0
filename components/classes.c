/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A new component is one line here. */
#include "components/classes.h"

#include "components/chassis/chassis.h"
#include "components/control/management.h"
#include "components/control/manager.h"
#include "components/control/program.h"
#include "components/control/sshd.h"
#include "components/gpe/vserver.h"
#include "components/host/host.h"
#include "components/linecard/linecard.h"
#include "components/slice/monitor.h"
#include "components/control/distributed_scheduler.h"
#include "components/npe/npe.h"
#include "components/gpe/cp.h"
#include "components/slice/slice.h"
#include "components/chassis/switch.h"
#include "components/plan/plan.h"
#include "components/traffic/traffic.h"

const ComponentClass *const component_classes[] = {&chassis_class,
                                                   &linecard_class,
                                                   &npe_class,
                                                   &slice_class,
                                                   &gpe_class,
                                                   &vserver_class,
                                                   &slice_program_class,
                                                   &management_class,
                                                   &switch_class,
                                                   &plc_class,
                                                   &global_manager_class,
                                                   &local_manager_class,
                                                   &cp_class,
                                                   &mux_class,
                                                   &monitor_class,
                                                   &distributed_scheduler_class,
                                                   &source_class,
                                                   &replay_class,
                                                   &sink_class,
                                                   &tap_class,
                                                   &demux_class,
                                                   &responder_class,
                                                   &i3_host_class,
                                                   &host_class,
                                                   &user_class,
                                                   &sshd_class,
                                                   &demand_class,
                                                   &budget_class,
                                                   NULL};
