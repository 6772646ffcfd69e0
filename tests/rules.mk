# SPDX-License-Identifier: GPL-3.0-or-later
# tests/test_*.c: one CUnit suite per module, one program each. tests/plain_*.c: the same, against
# the plain fast path. tests/cli_*.sh: tests of the command line. tests/run prints the total.
TEST_BIN  := $(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard tests/test_*.c))
PLAIN_BIN := $(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard tests/plain_*.c))
$(TEST_BIN:%=%.o): CFLAGS += -DFP_LOGGED

# It counts the comparisons of names that loading takes.
$(BUILD)/tests/test_language: LINK_WITH = -Wl,--wrap=strcmp
$(TEST_BIN): $(BUILD)/tests/%: $(BUILD)/tests/%.o $(COMPONENTS_LIB_OBJ) $(EMU_OBJ) $(FASTPATH_LOGGED_OBJ)
	$(CC) $(CFLAGS) $(LINK_WITH) -o $@ $^ $(LDLIBS) -lcunit

# What knows neither frames nor time is tested without them.
$(BUILD)/tests/plain_grm: $(BUILD)/components/control/ledger.o
$(BUILD)/tests/plain_placement: $(BUILD)/components/control/placement.o
$(PLAIN_BIN): $(BUILD)/tests/%: $(BUILD)/tests/%.o $(BUILD)/libfastpath.a
	$(CC) $(CFLAGS) -o $@ $^ $(LDLIBS) -lcunit

# sppemu with deaths and failures at any system call that changes a file; see tests/at_call.c.
AT_CALLS := write pwrite fsync rename unlink symlink ftruncate fork kill
$(BUILD)/tests/sppemu-at: $(BUILD)/tests/at_call.o $(COMPONENTS_OBJ) $(EMU_OBJ) $(FASTPATH_LOGGED_OBJ)
	$(CC) $(CFLAGS) $(LDFLAGS) $(AT_CALLS:%=-Wl,--wrap=%) -o $@ $^ $(LDLIBS)

# Fuzz drivers without the fuzzer: tests/cli_corpus.sh runs them over tests/corpus.
FUZZERS    := $(patsubst tests/fuzz_%.c,%,$(wildcard tests/fuzz_*.c))
CORPUS_BIN := $(FUZZERS:%=$(BUILD)/tests/corpus_%)
$(BUILD)/tests/fuzz_%.o: CFLAGS += -DFP_LOGGED

$(CORPUS_BIN): $(BUILD)/tests/corpus_%: $(BUILD)/tests/fuzz_%.o $(BUILD)/tests/corpus.o $(COMPONENTS_LIB_OBJ) $(EMU_OBJ) $(FASTPATH_LOGGED_OBJ)
	$(CC) $(CFLAGS) -o $@ $^ $(LDLIBS)

# Said before the compiler says it in its way.
.PHONY: cunit
cunit:
	@echo '#include <CUnit/Basic.h>' | $(CC) -E - >/dev/null 2>&1 || { \
	    echo "make: the tests need CUnit; sh setup.sh test installs what is missing, and runs them." >&2; exit 1; }
$(TEST_BIN:%=%.o) $(PLAIN_BIN:%=%.o): | cunit

.PHONY: test-binaries
test-binaries: cunit all $(TEST_BIN) $(PLAIN_BIN) $(CORPUS_BIN) $(BUILD)/tests/sppemu-at

test: test-binaries
	BUILD=$(BUILD) sh tests/run

# Fuzzing needs clang. FUZZ_SECONDS each, from tests/corpus on; what is found, and what was learnt on
# the way, stays in build/fuzz/.
FUZZ_SECONDS ?= 60
FUZZ_FLAGS   := -O1 -g -DFP_LOGGED -fsanitize=address,undefined -fno-sanitize-recover=undefined
FUZZ_OBJ     := $(patsubst %.c,$(BUILD)/fuzz/%.o,$(wildcard emu/*/*.c) $(FASTPATH_SRC) \
                $(filter-out components/main.c,$(wildcard components/*.c components/*/*.c components/*/*/*.c)))
FUZZ_BIN     := $(FUZZERS:%=$(BUILD)/fuzz/fuzz_%)
.SECONDARY: $(FUZZERS:%=$(BUILD)/fuzz/tests/fuzz_%.o)
$(BUILD)/fuzz/%.o: %.c
	@mkdir -p $(@D)
	clang $(filter-out $(OPT),$(CFLAGS)) $(FUZZ_FLAGS) -fsanitize=fuzzer-no-link $(GLIB_CFLAGS) -MMD -MP -c -o $@ $<
$(FUZZ_BIN): $(BUILD)/fuzz/fuzz_%: $(BUILD)/fuzz/tests/fuzz_%.o $(FUZZ_OBJ)
	clang $(FUZZ_FLAGS) -fsanitize=fuzzer -o $@ $^ $(LDLIBS)
fuzz: $(FUZZ_BIN)
	for f in $(FUZZERS); do mkdir -p $(BUILD)/fuzz/$$f.corpus && $(BUILD)/fuzz/fuzz_$$f -max_total_time=$(FUZZ_SECONDS) \
	    -max_len=16384 -timeout=20 -artifact_prefix=$(BUILD)/fuzz/$$f. -print_final_stats=1 \
	    $(BUILD)/fuzz/$$f.corpus tests/corpus/$$f $$([ $$f = scenario ] && echo scenarios) || exit 1; done
