# shellcheck shell=bash
# For the scripts beside this file: an empty Debian system in a folder, made by debootstrap. All mounts and
# processes of it live in namespaces of their own.

# enter_namespaces "$0" "$@": makes a folder, starts the script again in the namespaces with the folder in
# $root, and ends with its exit code. The folder is removed from outside of the namespaces, where nothing
# was ever mounted on it: a removal that met a mount would remove what is mounted, such as the toolchain.
enter_namespaces() {
    local code=0
    [ "${IN_NAMESPACES:-}" != 1 ] || return 0
    if [ "$(id -u)" -ne 0 ]; then
        echo "this script needs root, for debootstrap and mounts" >&2
        exit 69
    fi
    for program in debootstrap unshare; do
        command -v "$program" >/dev/null || { echo "$program is missing: apt-get install $program" >&2; exit 69; }
    done
    root=$(mktemp -d /var/tmp/chattrace-root.XXXXXX)
    trap remove_root EXIT
    IN_NAMESPACES=1 root=$root unshare --mount --propagation private --pid --fork --kill-child --mount-proc \
        "$@" || code=$?
    exit "$code"
}

# Removes $root; never while anything is mounted below it.
remove_root() {
    if grep -qF " $root" /proc/self/mountinfo; then
        echo "there are mounts below $root, so it is left" >&2
        exit 1
    fi
    rm -rf --one-file-system "$root"
}

# step TEXT: a heading, with the seconds since the script began.
step() { printf '\n== %4d s  %s\n' "$SECONDS" "$*"; }

# mirror: the address from which this machine takes its own release of Debian.
mirror() {
    # shellcheck source=/dev/null
    . /etc/os-release
    # shellcheck disable=SC2016 # variables of apt-get
    apt-get indextargets --format '$(ORIGIN) $(CODENAME) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' |
        awk -v codename="$VERSION_CODENAME" '$1 == "Debian" && $2 == codename && $3 == "main" { print $4; exit }'
}

# make_root PACKAGES: an empty system of this machine's release in $root, with comma-separated packages, a
# user `guest`, and this machine's mirror, name servers and trusted certificates. EMPTY_ROOT=FOLDER is
# copied in place of a download.
make_root() {
    local codename uri
    # shellcheck source=/dev/null
    codename=$(. /etc/os-release && echo "$VERSION_CODENAME")
    uri=$(mirror)
    [ -n "$uri" ] || { echo "apt knows no Debian mirror here: apt-get update" >&2; exit 69; }
    if [ -n "${EMPTY_ROOT:-}" ]; then
        cp -a "$EMPTY_ROOT/." "$root"
    elif ! log=$(debootstrap --variant=minbase --include="$1" "$codename" "$root" "$uri" 2>&1); then
        tail -5 <<<"$log" >&2
        exit 69
    fi
    # Of mktemp, it is for root alone.
    chmod 755 "$root"
    cp /etc/resolv.conf "$root/etc/resolv.conf"
    printf '127.0.0.1 localhost %s\n' "$(uname -n)" >"$root/etc/hosts"
    mount -t proc proc "$root/proc"
    mount -t sysfs -o ro sysfs "$root/sys"
    mount --rbind /dev "$root/dev"
    mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
    # The authority of a network that inspects TLS.
    if [ -d /usr/local/share/ca-certificates ] && [ -x "$root/usr/sbin/update-ca-certificates" ]; then
        cp -a /usr/local/share/ca-certificates/. "$root/usr/local/share/ca-certificates/"
        in_root update-ca-certificates >/dev/null 2>&1
    fi
    in_root useradd --create-home --shell /bin/bash guest
}

# enter_root: makes $root the root of these namespaces; this machine's files are out of reach from then on.
# After chroot(2) alone, an ordinary user may make no user namespaces (user_namespaces(7)).
enter_root() {
    mount --rbind "$root" "$root"
    cd "$root" || exit
    pivot_root . mnt
    umount --lazy /mnt
    root=/
}

# in_root COMMAND: as root in $root, with a clean environment.
in_root() {
    chroot "$root" /usr/bin/env -i PATH="$root_path" HOME=/root LANG=C.UTF-8 \
        DEBIAN_FRONTEND=noninteractive "$@"
}

# as_guest COMMAND: the same as an ordinary user.
as_guest() {
    chroot --userspec=guest:guest "$root" /usr/bin/env -i --chdir=/home/guest PATH="$root_path" \
        HOME=/home/guest LANG=C.UTF-8 "$@"
}

root_path=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
