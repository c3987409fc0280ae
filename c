#!/bin/bash
export CARILLON_DATA_DIR=/tmp/clidev/data
exec node /work/wt/cli/packages/cli/dist/main.js "$@"
