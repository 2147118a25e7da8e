"""Scenes, matrices, textures, sounds without a device, collisions, physics and files, by Panda3D and OpenAL."""

import os
import tempfile

from panda3d.core import (
    AudioManager,
    BitMask32,
    CollisionHandlerQueue,
    CollisionNode,
    CollisionRay,
    CollisionSphere,
    CollisionTraverser,
    Filename,
    LMatrix4,
    LVecBase3,
    NodePath,
    PNMImage,
    Texture,
    load_prc_file_data,
)

load_prc_file_data(
    "", "audio-library-name p3openal_audio\nnotify-level-audio fatal\nopenal-device none"
)
import wave

d = tempfile.mkdtemp()
with wave.open(os.path.join(d, "a.wav"), "wb") as f:
    f.setnchannels(1), f.setsampwidth(2), f.setframerate(8000), f.writeframes(bytes(16000))
m = AudioManager.create_AudioManager()
print(type(m).__name__, m.is_valid())
s = m.get_sound(Filename.from_os_specific(os.path.join(d, "a.wav")), True)
for call in (
    lambda: s.set_loop(True),
    lambda: s.set_volume(0.5),
    lambda: s.get_volume(),
    lambda: round(s.length(), 2),
    lambda: s.play(),
    lambda: s.status() in (0, 1, 2),
    lambda: s.set_3d_attributes(1, 2, 3, 0, 0, 0),
    lambda: s.set_time(0.1),
    lambda: s.stop(),
    lambda: m.audio_3d_set_listener_attributes(0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1),
    lambda: m.set_volume(0.3),
    lambda: m.get_volume(),
    lambda: m.update(),
    lambda: m.get_sound("/no.wav", False).length(),
    lambda: m.set_concurrent_sound_limit(3),
    lambda: m.shutdown(),
):
    try:
        print(call())
    except Exception as e:
        print(type(e).__name__)
root = NodePath("root")
ball, ray = CollisionNode("ball"), CollisionNode("ray")
ball.add_solid(CollisionSphere(0, 5, 0, 1)), ray.add_solid(CollisionRay(0, 0, 0, 0, 1, 0))
root.attach_new_node(ball)
r, t, q = root.attach_new_node(ray), CollisionTraverser(), CollisionHandlerQueue()
t.add_collider(r, q), t.traverse(root)
print(
    q.get_num_entries(), q.get_entry(0).get_surface_point(root), root.get_children().get_num_paths()
)
i = PNMImage(16, 8, 3)
i.fill(0.2, 0.4, 0.6), i.set_xel(3, 2, 1, 0, 0), i.gaussian_filter(1.0)
for name in ("a.png", "a.jpg", "a.tga", "a.bmp", "a.tif"):
    path = Filename.from_os_specific(os.path.join(d, name))
    back = PNMImage()
    print(
        name,
        i.write(path),
        back.read(path),
        back.get_x_size(),
        [round(v, 1) for v in back.get_xel(3, 2)],
    )
x = Texture()
print(
    x.load(i),
    x.get_x_size(),
    LMatrix4.rotate_mat(90, LVecBase3(0, 0, 1)).xform_point(LVecBase3(1, 0, 0)),
    BitMask32(5),
    root.encode_to_bam_stream() != b"",
)
