# SPDX-License-Identifier: GPL-3.0-or-later
# tests/test_*.c: one CUnit suite per module, one program each. tests/plain_*.c: the same, against
# the plain fast path. tests/cli_*.sh: tests of the command line. tests/run prints the total.
TEST_BIN  := $(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard tests/test_*.c))
PLAIN_BIN := $(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard tests/plain_*.c))
$(TEST_BIN:%=%.o): CFLAGS += -DFP_LOGGED

$(TEST_BIN): $(BUILD)/tests/%: $(BUILD)/tests/%.o $(COMPONENTS_LIB_OBJ) $(EMU_OBJ) $(FASTPATH_LOGGED_OBJ)
	$(CC) $(CFLAGS) -o $@ $^ $(LDLIBS) -lcunit

$(PLAIN_BIN): $(BUILD)/tests/%: $(BUILD)/tests/%.o $(BUILD)/libfastpath.a
	$(CC) $(CFLAGS) -o $@ $^ -lpcap -lcunit

# sppemu with deaths and failures at any system call that changes a file; see tests/at_call.c.
AT_CALLS := write pwrite fsync rename unlink symlink ftruncate fork kill
$(BUILD)/tests/sppemu-at: $(BUILD)/tests/at_call.o $(COMPONENTS_OBJ) $(EMU_OBJ) $(FASTPATH_LOGGED_OBJ)
	$(CC) $(CFLAGS) $(LDFLAGS) $(AT_CALLS:%=-Wl,--wrap=%) -o $@ $^ $(LDLIBS)

.PHONY: test-binaries
test-binaries: all $(TEST_BIN) $(PLAIN_BIN) $(BUILD)/tests/sppemu-at

test: test-binaries
	BUILD=$(BUILD) sh tests/run


# Fuzzing needs clang. FUZZ_SECONDS each; new findings stay in build/fuzz/.
FUZZ_SECONDS ?= 60
FUZZ := $(patsubst tests/%.c,$(BUILD)/fuzz/%,$(wildcard tests/fuzz_*.c))
$(BUILD)/fuzz/%: tests/%.c
	@mkdir -p $(@D)
	clang $(filter-out -O3 -DFP_LOGGED,$(CFLAGS)) -O1 -fsanitize=fuzzer,address,undefined $(GLIB_CFLAGS) -o $@ $< \
	    $(wildcard emu/*.c) $(filter-out components/main.c,$(wildcard components/*.c)) \
	    $(wildcard components/*/*.c) $(FASTPATH_SRC) -DFP_LOGGED $(LDLIBS)
fuzz: $(FUZZ)
	for f in $(FUZZ); do mkdir -p $$f.corpus && $$f -max_total_time=$(FUZZ_SECONDS) -artifact_prefix=$$f. -print_final_stats=1 $$f.corpus scenarios scenarios/data || exit 1; done
