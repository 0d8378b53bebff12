#!/usr/bin/env bash
# Runs every test of the repository, on real servers, and ends with one line that adds them up:
#
#   ./test.sh                                        everything
#   ./test.sh --filter-class '*LockTests'            arguments go on to each test project (--help lists them)
#
# On Debian, as root, it installs the servers that are missing; elsewhere it says what is missing, and the tests of that
# server skip (on CI, where CI=true, they fail). It needs the .NET 10 SDK and nothing else.
#
#   COORDINATION_DOCKER=off          start no Docker engine; without one the tests on Testcontainers are left out
#   COORDINATION_REDIS=host:port     a Redis of yours, for the tests that leave their server whole
#   COORDINATION_TEST_MINUTES=20     the time limit of one test project
#   COORDINATION_TORTURE_SECONDS=20  how long torture runs on each backend
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
PATH="$PATH:/usr/sbin:/sbin"
minutes=${COORDINATION_TEST_MINUTES:-20}

# What the tests start: the command, or a file of it, and Debian's package of it.
needed=(
  redis-server=redis-server
  faketime=faketime
  etcd=etcd-server
  java=default-jre-headless
  /usr/share/java/zookeeper.jar=libzookeeper-java
  ip=iproute2
  iptables=iptables
  prometheus=prometheus
  chromium=chromium
  dockerd=docker.io
)

install_needed() {
  local entry packages=()
  for entry in "${needed[@]}"; do
    command -v "${entry%%=*}" > /dev/null || [[ ${entry%%=*} == /* && -f ${entry%%=*} ]] || packages+=("${entry#*=}")
  done
  [[ ${#packages[@]} -gt 0 ]] || return 0
  if [[ $(id -u) != 0 || ! -f /etc/debian_version ]]; then
    echo "test.sh: not on this machine: ${packages[*]} (Debian's names). Tests that need them skip."
    return 0
  fi
  echo "test.sh: installing ${packages[*]}"
  # Debian starts a server as soon as it is installed; a policy of 101 forbids that. The tests start their own.
  local policy=/usr/sbin/policy-rc.d mine=
  if [[ ! -e $policy ]]; then
    mine=1
    printf '#!/bin/sh\nexit 101\n' > $policy
    chmod +x $policy
  fi
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}"; } \
    > "$work/apt.log" 2>&1 || { tail -n 5 "$work/apt.log"; echo "test.sh: could not install ${packages[*]}; tests that need them skip."; }
  [[ -z $mine ]] || rm -f $policy
}

# Test projects run in a session of their own: whatever they leave running is found by it.
session=
end_session() {
  [[ -n $session ]] || return 0
  local left
  left=$(ps -o pid= -s "$session" || true)
  session=
  [[ -z $left ]] || kill -KILL $left 2> /dev/null || true
}

work=$(mktemp -d /tmp/coordination-test.XXXXXX)
clean_up() {
  end_session
  eng/docker-redis.sh stop "$work/docker"
  rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

command -v dotnet > /dev/null || { echo "test.sh: install the .NET 10 SDK first: https://dotnet.microsoft.com/download"; exit 1; }
install_needed

# One build of everything; warnings are errors by Directory.Build.props.
if ! dotnet build Coordination.sln --configuration Release --nologo --verbosity quiet -consoleLoggerParameters:NoSummary; then
  echo "test.sh: the build failed"
  echo "0 passed, 1 failed, 0 skipped"
  exit 1
fi

# An engine that the machine already has is used as it is.
if [[ ${COORDINATION_DOCKER:-} != off ]] && ! docker version > /dev/null 2>&1 && eng/docker-redis.sh start "$work/docker"; then
  source "$work/docker/env"
fi

leave_out=()
if ! docker image inspect redis:7.0 > /dev/null 2>&1; then
  echo "test.sh: no Docker engine with the image redis:7.0: the tests on Testcontainers are left out"
  leave_out=(--filter-not-class '*.Conformance.Container*')
fi

passed=0 failed=0 skipped=0
for project in tests/*.Tests/*.csproj; do
  name=$(basename "$project" .csproj)
  report="$work/$name.xml"
  echo "== $name"
  code=0
  # timeout ends a test project that hangs; long-running names the tests that take long, so that one sees which it was. It keeps a thread of the pool,
  # which the fake clock of Coordination.Tests would wait for; its cases have limits of their own.
  watch=(--long-running 60)
  [[ $name != Coordination.Tests ]] || watch=()
  setsid timeout --kill-after=30 "${minutes}m" dotnet "$(dirname "$project")/bin/Release/net10.0/$name.dll" \
    --no-ansi --xunit-diagnostics on "${watch[@]}" \
    --results-directory "$work" --report-xunit-xml --report-xunit-xml-filename "$name.xml" "${leave_out[@]}" "$@" < /dev/null &
  session=$!
  wait "$session" 2> /dev/null || code=$?
  end_session

  # The report's counts: those of the one <assembly> element. Errors are failures outside a test, as in a fixture's disposal.
  count() { grep -o '<assembly [^>]*' "$report" 2> /dev/null | grep -o " $1=\"[0-9]*\"" | tr -dc 0-9; }
  ran=0
  if [[ -s $report ]] && grep -q '</assemblies>' "$report"; then
    passed=$((passed + $(count passed))) skipped=$((skipped + $(count skipped)))
    bad=$(($(count failed) + $(count errors)))
    ran=$(($(count passed) + $(count skipped) + bad))
  else
    bad=0
  fi
  if [[ $code == 8 && $ran == 0 && " $*" == *" --filter"* ]]; then
    echo "test.sh: $name has no test that the arguments ask for"
  elif [[ $code == 124 || $code == 137 ]]; then
    echo "test.sh: $name did not end within $minutes minutes"
    bad=$((bad + 1))
  elif [[ $bad == 0 && $code != 0 ]]; then
    echo "test.sh: $name ended with exit code $code"
    bad=1
  elif [[ $ran == 0 ]]; then
    echo "test.sh: $name ran no test"
    bad=1
  fi
  failed=$((failed + bad))
done

if [[ $((passed + failed + skipped)) == 0 ]]; then
  echo "test.sh: no test ran"
  failed=1
fi
echo "$passed passed, $failed failed, $skipped skipped"
[[ $failed == 0 ]]
