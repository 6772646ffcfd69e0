# SPDX-License-Identifier: GPL-3.0-or-later
# The fast path builds twice: plain for sppfwd and the library, logged for the emulator.
FASTPATH_SRC := $(filter-out fastpath/sppfwd.c,$(wildcard fastpath/*.c fastpath/*/*.c))
# A code option from outside of this tree: make OPTION=DIR/NAME BUILD=DIR/build takes DIR/NAME.def and DIR/NAME.c.
ifdef OPTION
FASTPATH_SRC += $(OPTION).c
CFLAGS       += -DFP_OPTION='"$(OPTION).def"'
endif
FASTPATH_OBJ := $(patsubst %.c,$(BUILD)/%.o,$(FASTPATH_SRC))
FASTPATH_LOGGED_OBJ := $(patsubst %.c,$(BUILD)/%.logged.o,$(FASTPATH_SRC))

$(BUILD)/libfastpath.a: $(FASTPATH_OBJ)
	rm -f $@ && ar rcs $@ $^

$(BUILD)/sppfwd: $(BUILD)/fastpath/sppfwd.o $(BUILD)/libfastpath.a
	$(CC) $(CFLAGS) -o $@ $^ -lpcap
