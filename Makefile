# SPDX-License-Identifier: GPL-2.0-only
#
#   make            the module for the running kernel, the loader, the drivers
#   make install    all of it into the system; make uninstall removes it
#   make test       everything on real kernels in virtual machines (tests/lab)

KERNELDIR ?= /lib/modules/$(shell uname -r)/build
PREFIX ?= /usr/local
# Of the libraries, below PREFIX.
LIBDIR ?= lib
DESTDIR ?=
CC ?= cc
CLANG ?= $(firstword $(foreach c,clang-19 clang,$(if $(shell command -v $(c)),$(c))) clang)
PKG_CONFIG ?= pkg-config
CFLAGS ?= -O2 -g
WERROR ?= -Werror

# The lab's: a part of a version, or "all".
KERNEL ?= $(if $(filter arm64,$(ARCH)),arm64,all)

c_flags = -Wall -Wextra $(WERROR) $(CFLAGS) $(CPPFLAGS) -MMD -MP
# The same object wherever the tree is.
bpf_flags = -target bpf -mcpu=v3 -O2 -g -Wall $(WERROR) -I bpf/include -MMD -MP \
	-ffile-prefix-map=$(CURDIR)=.
libbpf_cflags = $(shell $(PKG_CONFIG) --cflags libbpf 2>/dev/null)
libbpf_libs = $(shell $(PKG_CONFIG) --libs libbpf 2>/dev/null) -lelf -lz

# What the library and the loader are built with, as pkg-config and Debian name it.
lib_pkgs := libbpf libelf zlib
user_pkgs := $(lib_pkgs) jansson libtracefs libgpiod
user_debs := libbpf-dev libelf-dev zlib1g-dev libjansson-dev libtracefs-dev \
	libtraceevent-dev libgpiod-dev
user_cflags = $(shell $(PKG_CONFIG) --cflags $(user_pkgs) 2>/dev/null)
user_libs = $(shell $(PKG_CONFIG) --libs $(user_pkgs) 2>/dev/null)
lib_libs = $(shell $(PKG_CONFIG) --libs $(lib_pkgs) 2>/dev/null)

VERSION := 0.1
soname := libchrext.so.0
lib := user/lib/libchrext
lib_o := $(patsubst %.c,%.o,$(wildcard user/lib/*.c))
user_o := $(patsubst %.c,%.o,$(wildcard user/*.c))
examples := $(patsubst %.c,%,$(wildcard user/examples/*.c))
driver_o := $(patsubst %.c,%.o,$(wildcard bpf/drivers/*.bpf.c))
test_o := $(patsubst %.c,%.o,$(wildcard tests/drivers/*.bpf.c tests/reject/*.bpf.c))
progs := $(patsubst %.c,%,$(wildcard tests/progs/*.c))
pages := $(wildcard Documentation/man/*.8)

.PHONY: all
all: module user drivers

# Kbuild and Debian name architectures differently.
kbuild = $(MAKE) -C $(KERNELDIR) $(if $(filter amd64,$(ARCH)),ARCH=x86_64) M=$(CURDIR)

.PHONY: module
module: kernel-check
	+$(kbuild) modules

no = no() { echo "chr_ext: $$*" >&2; exit 1; }
no_kernel = $(if $(filter file,$(origin KERNELDIR)),no kernel headers in \
	$(KERNELDIR): install linux-headers-$$(uname -r) or set KERNELDIR=DIR,\
	KERNELDIR=$(KERNELDIR) is not a kernel build tree)

# Without BTF the module would build, but load nowhere.
.PHONY: kernel-check
kernel-check:
	@$(no); \
	test -e $(KERNELDIR)/Makefile || \
		no "$(strip $(no_kernel))"; \
	v=$$(cat $(KERNELDIR)/include/config/kernel.release 2>/dev/null) || \
		no "the kernel tree $(KERNELDIR) is not configured"; \
	printf '6.12\n%s\n' "$$v" | sort -VC || \
		no "the kernel $$v is older than 6.12"; \
	test -s $(KERNELDIR)/vmlinux || \
		no "the headers of $$v have no BTF ($(KERNELDIR)/vmlinux is missing)"; \
	test -s $(KERNELDIR)/Module.symvers || \
		no "the headers of $$v have no Module.symvers"; \
	test -x $(KERNELDIR)/tools/bpf/resolve_btfids/resolve_btfids || \
		no "the headers of $$v have no tools/bpf/resolve_btfids/resolve_btfids"; \
	command -v pahole >/dev/null || \
		no "pahole, which writes the module's BTF, is not installed"

.PHONY: user
user: user/chrext $(lib).so.$(VERSION) $(lib).a $(examples)

user/chrext: $(user_o) $(lib).a
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(user_libs)

$(lib).so.$(VERSION): $(lib_o) user/lib/libchrext.map
	$(CC) -shared $(CFLAGS) $(LDFLAGS) -Wl,-soname,$(soname) -Wl,-z,defs \
		-Wl,--version-script=user/lib/libchrext.map -o $@ $(lib_o) $(lib_libs)
	ln -sf $(@F) $(@D)/$(soname)
	ln -sf $(@F) $(lib).so

# One object, in which all that is not public is local.
tool = $(shell $(CC) -print-prog-name=$(1))
$(lib).a: $(lib_o)
	$(CC) -r -nostdlib -o user/lib/all.o $^
	$(call tool,objcopy) --localize-hidden user/lib/all.o
	rm -f $@
	$(call tool,ar) rcs $@ user/lib/all.o
	rm user/lib/all.o

$(examples): %: %.c $(lib).a
	$(CC) $(c_flags) -I user/lib $(LDFLAGS) -o $@ $^ $(lib_libs)

# Report what is missing once, not for every file.
.PHONY: user-check drivers-check
user-check:
	@$(no); \
	command -v $(firstword $(CC)) >/dev/null || \
		no "the loader needs a C compiler: install gcc, or set CC="; \
	command -v $(firstword $(PKG_CONFIG)) >/dev/null || \
		no "the loader needs pkg-config to find libbpf: install pkg-config"; \
	for p in $(user_pkgs); do \
		$(PKG_CONFIG) --exists $$p || \
			no "the loader needs $$p: install $(user_debs)"; \
	done; \
	$(PKG_CONFIG) --atleast-version 1.8 libtracefs || \
		no "the loader needs libtracefs 1.8 or newer, not $$($(PKG_CONFIG) --modversion libtracefs)"; \
	$(PKG_CONFIG) --atleast-version 2 libgpiod || \
		no "the loader needs libgpiod 2 or newer, not $$($(PKG_CONFIG) --modversion libgpiod)"; \
	$(PKG_CONFIG) --atleast-version 1.4 libbpf || \
		no "the loader needs libbpf 1.4 or newer, not $$($(PKG_CONFIG) --modversion libbpf)"

drivers-check:
	@$(no); \
	command -v $(firstword $(CLANG)) >/dev/null || \
		no "drivers need clang: install clang, or set CLANG="; \
	echo '#include <bpf/bpf_helpers.h>' | \
		$(CLANG) -target bpf $(libbpf_cflags) -E -x c - >/dev/null 2>&1 || \
		no "drivers need the headers of libbpf: install libbpf-dev"

user/%.o: user/%.c | user-check
	$(CC) $(c_flags) -I bpf/include $(user_cflags) -c -o $@ $<

user/lib/%.o: c_flags += -fPIC -fvisibility=hidden -DCHREXT_VERSION=\"$(VERSION)\"
$(lib_o) $(user_o) $(examples): | user-check

.PHONY: drivers
drivers: $(driver_o)

%.bpf.o: %.bpf.c | drivers-check
	$(CLANG) $(bpf_flags) $(libbpf_cflags) -c -o $@ $<

.PHONY: tests progs
tests: progs $(test_o) tests/fuzz/objects

progs: $(progs)

# The library under the sanitizers, for damaged objects. FUZZ_CASES and FUZZ_SEED.
fuzz_flags = -fsanitize=address,undefined -fno-sanitize-recover=undefined \
	-fno-omit-frame-pointer -I bpf/include
tests/fuzz/objects: tests/fuzz/objects.c $(lib_o:.o=.c) user/lib/lib.h user/lib/chrext.h
	$(CC) -Wall -Wextra $(WERROR) -O1 -g $(fuzz_flags) $(user_cflags) -o $@ \
		$(filter %.c,$^) $(lib_libs)

FUZZ_CASES ?= 20000
FUZZ_SEED ?= 1
.PHONY: fuzz
fuzz: drivers tests
	tests/fuzz/objects -c $(FUZZ_CASES) -s $(FUZZ_SEED) $(driver_o) \
		$(wildcard tests/drivers/*.bpf.o)

# Test modules, for one kernel like the module.
.PHONY: kmods
kmods: kernel-check
	+$(kbuild)/tests/kmods modules

# Allocations of the library can be made to fail.
tests/progs/library: $(lib).a
tests/progs/library: prog_libs = $(lib).a -Wl,--wrap=malloc,--wrap=calloc \
	-Wl,--wrap=realloc,--wrap=strdup,--wrap=vasprintf

tests/progs/%: tests/progs/%.c
	$(CC) $(c_flags) -pthread $(LDFLAGS) -o $@ $< $(prog_libs) $(libbpf_libs) -luring

-include $(wildcard user/*.d user/*/*.d bpf/drivers/*.d tests/drivers/*.d tests/reject/*.d \
	tests/progs/*.d)

# The reference of the ops and kfuncs.
.PHONY: docs
docs: Documentation/abi.md

abi_tables := kmod/ops.h kmod/kfuncs.h kmod/ops.c
abi_sources := bpf/include/chr_ext/abi.h $(sort $(wildcard kfuncs/*.c kfuncs/*/*.c))
abi_md = awk -f Documentation/abi.awk pass=1 $(abi_tables) $(abi_sources) \
	 pass=2 $(abi_sources)
Documentation/abi.md: Documentation/abi.awk $(abi_tables) $(abi_sources)
	$(abi_md) > $@

.PHONY: docs-check
docs-check:
	@$(abi_md) | diff - Documentation/abi.md

# What goes where below PREFIX: a folder and its files, one folder a line.
define files
bin user/chrext
$(LIBDIR) $(lib).so.$(VERSION) $(lib).a
include user/lib/chrext.h
include/chr_ext $(wildcard bpf/include/chr_ext/*.h)
lib/chr_ext $(driver_o)
lib/udev/rules.d user/60-chr_ext.rules
share/man/man8 $(pages)
share/chr_ext/template/char $(wildcard user/template/char/*)
share/chr_ext/template/gpio $(wildcard user/template/gpio/*)
endef
export files

# The rest, which has another name there than here.
dest = $(DESTDIR)$(PREFIX)
links := $(LIBDIR)/$(soname) $(LIBDIR)/libchrext.so
completion := share/bash-completion/completions/chrext
pc := $(LIBDIR)/pkgconfig/libchrext.pc
units := $(addprefix lib/systemd/system/,chr_ext-boards.service chr-ext@.service)
sysusers := lib/sysusers.d/chr_ext.conf
zsh := share/zsh/site-functions/_chrext
fish := share/fish/vendor_completions.d/chrext.fish

modules_dir = $(DESTDIR)/lib/modules/$(shell cat $(KERNELDIR)/include/config/kernel.release 2>/dev/null)
# A minimal system has depmod and ldconfig, but not always in PATH.
sbin = PATH=$$PATH:/usr/sbin:/sbin

.PHONY: install install-module install-user
install: install-module install-user

# Not compressed, whatever the kernel's own modules are: a minimal system has no xz.
install-module: module
	rm -f $(modules_dir)/extra/chr_ext.ko*
	+$(kbuild) INSTALL_MOD_DIR=extra CONFIG_MODULE_COMPRESS_ALL= \
		$(if $(DESTDIR),INSTALL_MOD_PATH=$(DESTDIR)) modules_install
	$(if $(DESTDIR),,$(sbin) depmod $(notdir $(modules_dir)))

install-user: user drivers
	set -e; printf '%s\n' "$$files" | while read -r dir files; do \
		mode=644; [ $$dir != bin ] || mode=755; \
		install -D -m $$mode -t $(dest)/$$dir $$files; \
	done
	chmod 755 $(dest)/share/chr_ext/template/*/test.sh
	for l in $(links); do ln -sf $(lib:user/lib/%=%).so.$(VERSION) $(dest)/$$l; done
	install -D -m 644 user/chrext.bash-completion $(dest)/$(completion)
	install -D -m 644 user/chrext.zsh-completion $(dest)/$(zsh)
	install -D -m 644 user/chrext.fish-completion $(dest)/$(fish)
	install -D -m 644 user/chr_ext.sysusers $(dest)/$(sysusers)
	install -d $(dest)/$(dir $(pc)) $(dest)/$(dir $(firstword $(units)))
	sed 's,@PREFIX@,$(PREFIX),; s,@LIBDIR@,$(LIBDIR),; s,@VERSION@,$(VERSION),' user/lib/libchrext.pc.in > \
		$(dest)/$(pc)
	for u in $(units); do \
		sed 's,/usr/local,$(PREFIX),' user/$${u##*/} > $(dest)/$$u; \
	done
	$(if $(DESTDIR),,$(sbin) ldconfig)
	$(if $(DESTDIR),,! command -v systemd-sysusers > /dev/null || \
		systemd-sysusers $(dest)/$(sysusers))

# Only what install put there; folders go if they are the project's own and empty.
.PHONY: uninstall
uninstall:
	rm -f $(modules_dir)/extra/chr_ext.ko
	$(if $(DESTDIR),,$(sbin) depmod $(notdir $(modules_dir)))
	printf '%s\n' "$$files" | while read -r dir files; do \
		for f in $$files; do rm -f $(dest)/$$dir/$${f##*/}; done; \
	done
	cd $(dest) && rm -f $(links) $(completion) $(zsh) $(fish) $(pc) $(units) $(sysusers)
	-rmdir --ignore-fail-on-non-empty $(dest)/include/chr_ext $(dest)/lib/chr_ext \
		$(dest)/share/chr_ext/template/* $(dest)/share/chr_ext/template $(dest)/share/chr_ext
	$(if $(DESTDIR),,$(sbin) ldconfig)

# Packages for Debian 13, built in the lab: in build/deb, or build/deb-arm64.
.PHONY: deb
deb: lab-check
	@$(lab) deb $(if $(filter arm64,$(ARCH)),deb-arm64 arm64)

.PHONY: clean
clean:
	+$(if $(wildcard $(KERNELDIR)/Makefile),$(kbuild) clean)
	+$(if $(wildcard $(KERNELDIR)/Makefile),$(kbuild)/tests/kmods clean)
	rm -f user/chrext user/*.[do] user/*/*.[doa] user/lib/*.so* $(examples)
	rm -f bpf/drivers/*.[do]
	rm -f $(progs) tests/fuzz/objects tests/progs/*.d tests/drivers/*.[do] tests/reject/*.[do]
	rm -rf build

scripts := tests/lab/lab tests/lab/guest tests/lab/init tests/lab/selftest \
	.ci/run $(wildcard tests/lab/demo tests/lab/*.sh tests/lab/broken/*.sh \
	tests/suites/*.sh tests/suites/*.host user/template/*/test.sh)

# sparse does not know that kfuncs need no declaration, nor that guards and SRCU
# end sections. Debian's headers lack the script that looks for sparse.
sparse_flags := -Wno-decl -Wno-context -Wsparse-error
# What tables, __free() and asm() cannot satisfy, and the script takes for something
# else.
checkpatch_ignore := COMPLEX_MACRO MACRO_ARG_REUSE MACRO_ARG_UNUSED TRAILING_SEMICOLON \
	LINE_SPACING LEADING_SPACE CONST_STRUCT PRINTK_WITHOUT_KERN_LEVEL BIT_MACRO \
	FUNCTION_ARGUMENTS
CHECKPATCH ?=
kernel_sources := $(sort $(filter-out %trace.h %.mod.c,$(wildcard kmod/*.[ch] \
	kfuncs/*.[ch] kfuncs/*/*.[ch] tests/kmods/*.[ch])))

# Each tool that is there. "tests/lab/lab check" has them all.
.PHONY: check check-scripts check-pages check-sparse check-patch
check: check-scripts check-pages check-sparse check-patch

skipped = echo "check: no $(1)" >&2
check-scripts:
	@if command -v shellcheck >/dev/null; then shellcheck -x -S warning $(scripts); \
	else $(call skipped,shellcheck: the scripts are not checked); fi

check-pages:
	@if command -v mandoc >/dev/null; then mandoc -T lint -W warning $(pages); \
	else $(call skipped,mandoc: the man pages are not checked); fi

check-sparse: kernel-check
	+@if command -v sparse >/dev/null; then \
		$(kbuild) C=2 KBUILD_CHECKSRC=2 CF="$(sparse_flags)" modules; \
	else $(call skipped,sparse: the module is not checked); fi

check-patch:
	@if test -n "$(CHECKPATCH)"; then perl $(CHECKPATCH) --no-tree --strict --terse \
		--no-summary --show-types $(addprefix --ignore ,$(checkpatch_ignore)) -f $(kernel_sources); \
	else $(call skipped,CHECKPATCH=: the style is not checked); fi

lab := tests/lab/lab
.PHONY: lab lab-check lab-selftest vm demo test test-boards test-install test-matrix \
	test-packages test-debug abi
lab-check:
	@test -z "$(filter-out amd64 arm64,$(ARCH))" || \
		{ echo "chr_ext: the lab serves ARCH=amd64 and arm64, not $(ARCH)" >&2; exit 1; }

lab: lab-check
	KERNEL=$(KERNEL) $(lab) build

vm: lab-check
	KERNEL=$(KERNEL) $(lab) vm

demo: lab-check
	@KERNEL=$(KERNEL) $(lab) demo

SUITES ?=
test: lab-check
	@KERNEL=$(KERNEL) $(lab) test $(SUITES)

# Those that move pins.
test-boards: lab-check
	@KERNEL=$(KERNEL) $(lab) test $(basename $(notdir \
		$(wildcard tests/suites/3[4-9]-*.sh tests/suites/4[5-9]-*.sh tests/suites/8*.sh)))

# README's lines for one's own machine, on a minimal Debian.
test-install: lab-check
	@KERNEL=$(KERNEL) $(lab) test 03-install

# The record of this ABI, see tests/suites/05-abi.sh.
abi := $(shell awk '$$2 == "CHR_EXT_ABI" { print $$3 }' bpf/include/chr_ext/abi.h)
abi: lab-check
	mkdir -p build
	echo '# SPDX-License-Identifier: GPL-2.0-only' > build/abi
	$(lab) run --timeout 300 tests/abi/record >> build/abi
	mv build/abi tests/abi/$(abi)

# The same objects on many kernels and machines.
ROWS ?=
test-matrix: lab-check
	@$(lab) matrix $(ROWS)

# The packages, also of arm64.
test-packages: lab-check deb
	@$(MAKE) --no-print-directory deb ARCH=arm64
	@$(lab) test 04-packages

test-debug: lab-check
	@$(lab) test-debug $(SUITES)

lab-selftest: lab-check
	@tests/lab/selftest
