/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The program: the engine's command line with this chassis's classes. */
#include "components/classes.h"
#include "emu/cli/cli.h"

int main(int argc, char **argv) {
    return cli_main(argc, argv, component_classes);
}
