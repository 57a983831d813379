#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A login on the console of the machine with SELinux.
# shellcheck source=tests/vm/host-console.sh
. "$(dirname "$0")/host-console.sh"
