#!/usr/bin/env bash
# A Docker engine of our own with an image tagged redis:7.0, for the tests that use Testcontainers. The image is made from
# the machine's own redis-server: no registry is asked. The engine leaves the machine's firewall and routes alone, and
# serves one private socket.
#
#   eng/docker-redis.sh start DIR    starts it, keeps everything in DIR and writes DIR/env, to be sourced by who runs the tests
#   eng/docker-redis.sh stop DIR     removes its containers, ends it, and removes what it made (DIR itself stays)
#
# start says in one line why when it cannot, and then fails, leaving nothing behind.
set -euo pipefail
PATH="$PATH:/usr/sbin:/sbin"

cannot() { echo "docker-redis: $*; the tests on Testcontainers do without" >&2; exit 1; }

engine() { docker -H "unix://$dir/docker.sock" "$@"; }

# A root directory with nothing but redis, a shell, and the libraries that the two need.
make_image() {
  local root="$dir/root" file
  mkdir -p "$root"/{bin,data,etc,tmp}
  chmod 1777 "$root/tmp" "$root/data"
  echo 'root:x:0:0:root:/:/bin/sh' > "$root/etc/passwd"
  cp -L "$(command -v redis-server)" "$(command -v redis-cli)" /bin/sh "$root/bin/"
  for file in "$root"/bin/*; do ldd "$file"; done | grep -o '/[^ ]*' | sort -u | while read -r file; do
    install -D "$file" "$root$file"
  done
  tar -C "$root" -c . | engine import \
    --change 'ENV PATH=/bin' --change 'VOLUME /data' --change 'EXPOSE 6379' \
    --change 'ENTRYPOINT ["redis-server","--protected-mode","no","--dir","/data"]' - redis:7.0 > /dev/null
  rm -rf "$root"
}

start() {
  [[ $(id -u) == 0 ]] || cannot "only root can start an engine"
  for command in dockerd docker redis-server redis-cli ip pgrep; do
    command -v "$command" > /dev/null || cannot "$command is not installed"
  done
  # The bridge is known by its name: one that is there without its engine was left by a run that was killed.
  ! pgrep -f "^dockerd .*--bridge $bridge" > /dev/null || cannot "another run of the tests has an engine"
  ip link delete "$bridge" 2> /dev/null || true
  { ip link add "$bridge" type bridge && ip address add 10.213.0.1/24 dev "$bridge" && ip link set "$bridge" up; } 2> /dev/null ||
    cannot "no network bridge can be made"

  mkdir -p "$dir"
  # dockerd and containerd make these whatever they are told; stop removes those that were not there.
  for path in /etc/docker/key.json /opt/containerd /run/containerd /run/docker; do
    [[ -e $path ]] || echo "$path"
  done > "$dir/made"
  # A session of its own, so that a Ctrl-C meant for the tests does not reach it before stop does.
  setsid dockerd --data-root "$dir/data" --exec-root "$dir/exec" --pidfile "$dir/pid" -H "unix://$dir/docker.sock" \
    --iptables=false --ip6tables=false --ip-forward=false --ip-masq=false --ip 127.0.0.1 --bridge "$bridge" \
    > "$dir/log" 2>&1 < /dev/null &
  local dockerd=$!
  for _ in {1..150}; do
    kill -0 "$dockerd" 2> /dev/null || break
    if engine version > /dev/null 2>&1; then
      if ! make_image; then stop; cannot "the image could not be made"; fi
      # Ryuk, the reaper of Testcontainers, is an image that we do not have; stop removes the containers.
      cat > "$dir/env" <<ENV
export DOCKER_HOST=unix://$dir/docker.sock
export DOCKER_API_VERSION=$(engine version --format '{{.Server.APIVersion}}')
export TESTCONTAINERS_RYUK_DISABLED=true
export TESTCONTAINERS_HOST_OVERRIDE=127.0.0.1
export COORDINATION_REQUIRE_DOCKER=1
ENV
      return
    fi
    sleep 0.2
  done
  local why
  why=$(grep -m1 -iE 'failed to start|level=(fatal|error)' "$dir/log" | cut -c1-160 || true)
  stop
  cannot "dockerd did not start (${why:-no reason in its log})"
}

stop() {
  local pid containers
  if pid=$(cat "$dir/pid" 2> /dev/null) && kill -0 "$pid" 2> /dev/null; then
    containers=$(engine ps --all --quiet || true)
    [[ -z $containers ]] || engine rm --force --volumes $containers > /dev/null || true
    kill "$pid" 2> /dev/null || true
    for _ in {1..100}; do kill -0 "$pid" 2> /dev/null || break; sleep 0.2; done
    kill -KILL "$pid" 2> /dev/null || true
  fi
  local path
  if [[ -f $dir/made ]]; then
    ip link delete "$bridge" 2> /dev/null || true
    while read -r path; do
      if [[ -d $path ]]; then find "$path" -depth -type d -empty -delete; else rm -f "$path"; fi
    done < "$dir/made"
  fi
  # An engine that was killed leaves its mounts.
  grep -o " $dir/[^ ]*" /proc/mounts | sort --reverse | xargs --no-run-if-empty umount --lazy || true
  rm -rf "$dir"/{data,exec,root,env,made,pid,docker.sock} || true
}

[[ $# == 2 && $1 =~ ^(start|stop)$ ]] || { sed -n '2,9s/^# \{0,1\}//p' "$0"; exit 2; }
dir=$2
bridge=coordination0
"$1"
