#!/bin/sh
# Installs what is missing on this machine, and nothing twice.   sh scripts/setup.sh start|test|static|production|browser
#
#   static       Node (scripts/node-version), dependencies   types, lint, dead code
#   start        … and a Chromium (a warning without)        npm start
#   test         … and redis-server, rabbitmq-server,        npm test
#                openssl, xmlsec1, PHP and Python with SOAP
#   production   dependencies without those of development   docker/Dockerfile
#   browser      a Chromium alone (an error without)         docker/Dockerfile
#
# Says one line for each thing that it installs. The output of the installers goes to .tools/setup.log.
set -eu
cd "$(dirname "$0")/.."
log=.tools/setup.log

say() { printf 'setup: %s\n' "$*" >&2; }
has() { command -v "$1" >/dev/null 2>&1; }

# Runs an installer quietly; when it fails, what it said last is what the reader needs.
quietly() {
  mkdir -p .tools
  "$@" >"$log" 2>&1 </dev/null
}

give_up() {
  say "$1"
  grep -E '^(npm err|E: |Error)' "$log" 2>/dev/null | head -n 20 >&2 || true
  exit 1
}

# --- Node ------------------------------------------------------------------------------------------------------------

node_package() {
  case "$(uname -s)" in Darwin) os=darwin ;; *) os=linux ;; esac
  case "$(uname -m)" in aarch64 | arm64) arch=arm64 ;; *) arch=x64 ;; esac
  echo "node-$os-$arch"
}

node_is_new() {
  has "$1" || return 1
  version=$("$1" --version 2>/dev/null) || return 1
  version=${version#v}
  [ "${version%%.*}" -ge 24 ] 2>/dev/null
}

# The one that `npm test` was run with: raise it in scripts/node-version, and in docker/Dockerfile, and run the tests.
# A machine's own Node is used as it is when it is 24 or newer; the tests say so when it is newer than that.
install_node() {
  node_is_new node && return
  package=$(node_package)
  tried=$(cat scripts/node-version)
  own=".tools/node_modules/$package/bin/node"
  [ "$("$own" --version 2>/dev/null)" = "v$tried" ] && return
  has npm || give_up 'npm is not installed. Install Node.js with npm (Debian: apt-get install npm) and start again.'
  say "installing Node $tried into .tools (this machine has $(node --version 2>/dev/null || echo no Node))"
  quietly npm install --prefix .tools --no-save --no-package-lock --no-audit --no-fund --loglevel=error "$package@$tried" ||
    give_up "npm could not install $package@$tried:"
  [ "$("$own" --version 2>/dev/null)" = "v$tried" ] || give_up "$package@$tried does not run on this machine. Install Node 24 by hand."
}

# --- Dependencies ----------------------------------------------------------------------------------------------------

# Which lock file was installed last. A developer's own `npm install` counts as well, when what it left is what the lock file says.
dependencies_match() {
  [ -f node_modules/.package-lock.json ] || return 1
  lock=$(cksum <package-lock.json)
  [ "$lock" = "$(cat node_modules/.retrofit-lock 2>/dev/null)" ] && return
  scripts/with-node node -e '
    const read = path => JSON.parse(require("fs").readFileSync(path, "utf8")).packages
    const [wanted, present] = [read("package-lock.json"), read("node_modules/.package-lock.json")]
    const same = ([path, entry]) => path === "" || entry.optional || entry.peer || present[path]?.version === entry.version
    process.exit(Object.entries(wanted).every(same) ? 0 : 1)' || return 1
  echo "$lock" >node_modules/.retrofit-lock
}

# `npm ci` refuses a lock file that lacks the binaries of other platforms, which is what a registry mirror without them makes;
# `npm install` takes the same versions from it, though it would also take others. What goes into production is the lock file's or nothing.
npm_install() {
  quietly npm ci --no-audit --no-fund --loglevel=error "$@" && return
  [ "$purpose" != production ] || return 1
  say 'npm ci does not take package-lock.json here; trying npm install, which may choose other versions'
  quietly npm install --no-save --no-audit --no-fund --loglevel=error "$@"
}

install_dependencies() {
  if ! dependencies_match; then
    say 'installing the dependencies into node_modules'
    npm_install "$@" || give_up 'npm could not install the dependencies:'
    cksum <package-lock.json >node_modules/.retrofit-lock
  fi
  # So that `npx retrofit` finds the command in the checkout, with every npm.
  mkdir -p node_modules/.bin
  [ -e node_modules/.bin/retrofit ] || ln -sf ../../scripts/retrofit.mjs node_modules/.bin/retrofit
}

# --- Debian packages -------------------------------------------------------------------------------------------------

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

can_apt() {
  has apt-get || return 1
  [ "$(id -u)" = 0 ] || { has sudo && sudo -n true 2>/dev/null; }
}

apt_get() {
  quietly as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o DPkg::Lock::Timeout=300 "$@"
}

# The package lists are fetched only when the first try shows that they are missing or old.
apt_install() {
  apt_get install --no-install-recommends "$@" || { apt_get update && apt_get install --no-install-recommends "$@"; }
}

# --- Chromium --------------------------------------------------------------------------------------------------------

usual_browsers='/usr/lib/chromium/chromium-headless-shell /usr/bin/chromium /usr/bin/chromium-browser /usr/bin/google-chrome /usr/bin/google-chrome-stable'

find_browser() {
  if [ -n "${CHROMIUM_PATH:-}" ] && [ -x "$CHROMIUM_PATH" ]; then return; fi
  for file in $usual_browsers; do
    [ -x "$file" ] && return
  done
  downloads=${PLAYWRIGHT_BROWSERS_PATH:-${HOME:-/root}/.cache/ms-playwright}
  for file in "$downloads"/chromium*/chrome-linux*/chrome "$downloads"/chromium*/chrome-linux*/headless_shell \
    "${HOME:-/root}"/Library/Caches/ms-playwright/chromium*/chrome-mac*/*.app/Contents/MacOS/* \
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"; do
    [ -x "$file" ] && return
  done
  return 1
}

install_browser() {
  find_browser && return
  if can_apt; then
    say 'installing Chromium with apt-get'
    # The one without windows starts in half the time; not every distribution has it.
    for package in chromium-headless-shell chromium; do
      apt_install "$package" && find_browser && return
    done
  fi
  if [ -f node_modules/playwright-core/cli.js ]; then
    say "downloading Playwright's Chromium"
    quietly scripts/with-node node node_modules/playwright-core/cli.js install chromium && find_browser && return
  fi
  say 'no Chromium found. Install one (Debian: apt-get install chromium-headless-shell) or name one in CHROMIUM_PATH.'
  return 1
}

install_fonts() {
  can_apt || return 0
  font=$(find -L /usr/share/fonts /usr/local/share/fonts "${HOME:-/root}/.fonts" -name '*.[ot]tf' 2>/dev/null | head -n 1)
  [ -n "$font" ] && return
  say 'installing fonts with apt-get'
  apt_install fonts-liberation || say 'no fonts could be installed; pages may show boxes for letters'
}

# --- Redis, RabbitMQ, OpenSSL ----------------------------------------------------------------------------------------

rabbitmq_is_there() { has rabbitmq-server || [ -x /usr/sbin/rabbitmq-server ] || [ -x /usr/lib/rabbitmq/bin/rabbitmq-server ]; }

# The tests start servers of their own, so Debian's services are neither started now (policy-rc.d) nor at the next boot.
install_servers() {
  missing=
  has redis-server || missing=redis-server
  rabbitmq_is_there || missing="$missing rabbitmq-server"
  # Makes certificates and verifies signatures, for tests.
  has openssl || missing="$missing openssl"
  has xmlsec1 || missing="$missing xmlsec1"
  [ -z "$missing" ] && return
  can_apt || give_up "missing:$(printf ' %s' $missing). Install them, and start again; no service needs to run."
  say "installing$(printf ' %s' $missing) with apt-get"
  policy=/usr/sbin/policy-rc.d
  if [ -e "$policy" ]; then
    apt_install $missing || give_up 'apt-get failed:'
  else
    trap 'as_root rm -f "$policy"' EXIT
    trap 'exit 130' INT TERM HUP
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
    as_root chmod 755 "$policy"
    apt_install $missing || give_up 'apt-get failed:'
  fi
  if [ -d /run/systemd/system ]; then as_root systemctl disable $missing >/dev/null 2>&1 || true; fi
}

# --- SOAP services of other makes, which the tests call ----------------------------------------------------------------

# Debian's own Python is the one that has Debian's packages.
spyne_is_there() {
  for python in /usr/bin/python3 python3; do
    "$python" -c 'import sys, importlib.util as u; sys.exit(not (u.find_spec("spyne") and u.find_spec("lxml")))' 2>/dev/null && return
  done
  return 1
}

php_soap_is_there() { has php && php -m 2>/dev/null | grep -qx soap; }

install_soap_services() {
  missing=
  php_soap_is_there || missing='php-cli php-soap'
  spyne_is_there || missing="$missing python3-spyne python3-lxml"
  [ -z "$missing" ] && return
  can_apt || give_up "missing:$(printf ' %s' $missing). Install them, and start again."
  say "installing$(printf ' %s' $missing) with apt-get"
  apt_install $missing || give_up 'apt-get failed:'
}

# ---------------------------------------------------------------------------------------------------------------------

purpose=${1:-}
case "$purpose" in
  static) install_node; install_dependencies ;;
  start) install_node; install_dependencies; install_browser || say 'starting without a browser: actions of a portal will fail' ;;
  test) install_node; install_dependencies; install_browser || exit 1; install_fonts; install_servers; install_soap_services ;;
  production) install_node; install_dependencies --omit=dev ;;
  browser) install_browser; install_fonts ;;
  *) say 'usage: sh scripts/setup.sh start|test|static|production|browser'; exit 2 ;;
esac
