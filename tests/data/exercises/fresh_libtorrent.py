"""Torrent files made and read, bencoding, magnet links, and a session that moves a file to another."""

import os
import tempfile
import time

import libtorrent as lt

data = {b"a": 1, b"list": [b"x", 2, [b"y"]], b"d": {b"k": b"v" * 50}}
raw = lt.bencode(data)
print(raw, lt.bdecode(raw) == data)
for bad in (b"", b"i5", b"d1:a", b"l" * 300, b"5:abc"):
    try:
        print(lt.bdecode(bad))
    except Exception as e:
        print(type(e).__name__)
with tempfile.TemporaryDirectory() as directory:
    source, target = (os.path.join(directory, name) for name in ("source", "target"))
    os.makedirs(os.path.join(source, "set"))
    os.makedirs(target)
    for i in range(3):
        with open(os.path.join(source, "set", f"f{i}.bin"), "wb") as f:
            f.write(bytes((j * (i + 1)) % 251 for j in range(40000)))
    storage = lt.file_storage()
    for i in range(3):
        storage.add_file(f"set/f{i}.bin", 40000)
    torrent = lt.create_torrent(storage, 16384, lt.create_torrent.v1_only)
    torrent.set_comment("made here")
    torrent.set_creator("test")
    torrent.add_tracker("http://localhost:1/announce")
    lt.set_piece_hashes(torrent, source)
    made = lt.bencode(torrent.generate())
    info = lt.torrent_info(lt.bdecode(made))
    print(info.name(), info.num_files(), info.num_pieces(), info.piece_length(), info.total_size())
    print([info.files().file_path(i) for i in range(info.num_files())], str(info.info_hash()))
    print(lt.make_magnet_uri(info))
    magnet = lt.parse_magnet_uri(lt.make_magnet_uri(info))
    print(magnet.name, str(magnet.info_hash), magnet.trackers)
    settings = {
        "listen_interfaces": "127.0.0.1:0",
        "enable_dht": False,
        "enable_lsd": False,
        "enable_upnp": False,
        "enable_natpmp": False,
        "allow_multiple_connections_per_ip": True,
        "alert_mask": 0x7FFFFFFF,
    }
    seeder, leecher = lt.session(settings), lt.session(settings)
    have = lt.add_torrent_params()
    have.ti, have.save_path = lt.torrent_info(lt.bdecode(made)), source
    want = lt.add_torrent_params()
    want.ti, want.save_path = lt.torrent_info(lt.bdecode(made)), target
    one, two = seeder.add_torrent(have), leecher.add_torrent(want)
    for _ in range(300):
        if one.status().is_seeding:
            break
        time.sleep(0.05)
    print(one.status().is_seeding, one.status().progress)
    two.connect_peer(("127.0.0.1", seeder.listen_port()))
    for _ in range(500):
        if two.status().is_seeding:
            break
        time.sleep(0.05)
    print(two.status().is_seeding, two.status().total_done, bool(leecher.pop_alerts()))
    for i in range(3):
        paths = [os.path.join(d, "set", f"f{i}.bin") for d in (source, target)]
        print(open(paths[0], "rb").read() == open(paths[1], "rb").read())
    resume = lt.write_resume_data_buf(want)
    print(lt.read_resume_data(resume).save_path == target)
    seeder.remove_torrent(one)
    print(len(seeder.get_torrents()))
    for bad in (
        lambda: lt.torrent_info(b"garbage"),
        lambda: lt.parse_magnet_uri("magnet:?nothing"),
        lambda: lt.torrent_info(os.path.join(directory, "none")),
    ):
        try:
            print(bad())
        except Exception as e:
            print(type(e).__name__)
    del one, two, seeder, leecher
