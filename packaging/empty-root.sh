# shellcheck shell=bash
# For the scripts beside this file: an empty Debian system in a folder, made by debootstrap. The script that
# sources it runs as root in namespaces of its own for mounts and processes, so that no mount and no
# process outlives it.

# enter_namespaces "$0" "$@": starts the script again in its namespaces, once.
enter_namespaces() {
    if [ "$(id -u)" -ne 0 ]; then
        echo "this script needs root, for debootstrap and mounts" >&2
        exit 69
    fi
    for program in debootstrap unshare; do
        command -v "$program" >/dev/null || { echo "$program is missing: apt-get install $program" >&2; exit 69; }
    done
    [ "${IN_NAMESPACES:-}" = 1 ] ||
        IN_NAMESPACES=1 exec unshare --mount --pid --fork --kill-child --mount-proc "$@"
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

# make_root FOLDER PACKAGES: an empty system of this machine's release in FOLDER, with comma-separated
# packages, a user `guest`, and the sources of apt. EMPTY_ROOT=FOLDER is copied in place of a download.
make_root() {
    local root=$1 codename uri
    # shellcheck source=/dev/null
    codename=$(. /etc/os-release && echo "$VERSION_CODENAME")
    uri=$(mirror)
    [ -n "$uri" ] || { echo "apt knows no Debian mirror here: apt-get update" >&2; exit 69; }
    if [ -n "${EMPTY_ROOT:-}" ]; then
        cp -a "$EMPTY_ROOT/." "$root"
    else
        debootstrap --variant=minbase --include="$2" "$codename" "$root" "$uri" >"$root.log" 2>&1 ||
            { tail -5 "$root.log" >&2; exit 69; }
        rm "$root.log"
    fi
    cp /etc/resolv.conf "$root/etc/resolv.conf"
    mount -t proc proc "$root/proc"
    mount --rbind /dev "$root/dev"
    mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
    in_root useradd --create-home --shell /bin/bash guest
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

# remove_root FOLDER: for a trap. Its mounts end with the namespace; until then nothing below them may go.
remove_root() {
    umount --recursive "$1/proc" "$1/dev" 2>/dev/null || true
    rm -rf --one-file-system "$1"
}
