# SPDX-License-Identifier: GPL-3.0-or-later
COMPONENTS_OBJ := $(patsubst %.c,$(BUILD)/%.o,$(wildcard components/*.c components/*/*.c components/*/*/*.c))
# Tests link every component but the program's main.
COMPONENTS_LIB_OBJ := $(filter-out $(BUILD)/components/main.o,$(COMPONENTS_OBJ))
# The emulator sees the logged variant of the fast path.
$(COMPONENTS_OBJ): CFLAGS += -DFP_LOGGED
