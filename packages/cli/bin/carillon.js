#!/usr/bin/env node
// npm links a command when it installs, which in a clone is before anything is compiled; so this file is not.
import '../dist/main.js'
