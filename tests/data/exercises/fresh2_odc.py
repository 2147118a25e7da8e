"""Columns encoded to a buffer and decoded again, frames, properties, bit fields and faults, by odc's C interface."""

import ctypes as c
import glob
import os

import odclib

path = glob.glob(os.path.join(os.path.dirname(odclib.__file__), "lib64", "libodccore.so*"))[0]
import eckitlib

for library in ("eckit", "eckit_sql"):
    for found in sorted(
        glob.glob(os.path.join(os.path.dirname(eckitlib.__file__), "lib64", f"lib{library}.so*"))
    )[:1]:
        c.CDLL(found, c.RTLD_LOCAL)
odc = c.CDLL(path)
void, long = c.c_void_p, c.c_long
print(odc.odc_initialise_api(), odc.odc_integer_behaviour(0))
for rows in (1, 7, 500):
    e = void()
    print(odc.odc_new_encoder(c.byref(e)), odc.odc_encoder_add_property(e, b"key", b"value"))
    columns = [
        (b"i@t", 1, (c.c_longlong * rows)(*(k * 3 % 11 for k in range(rows)))),
        (b"r@t", 2, (c.c_double * rows)(*(k / 7 for k in range(rows)))),
        (
            b"s@t",
            3,
            c.create_string_buffer(b"".join(b"w%-7d" % (k % 5) for k in range(rows)), 8 * rows),
        ),
        (b"b@t", 4, (c.c_longlong * rows)(*(k % 4 for k in range(rows)))),
        (b"d@t", 5, (c.c_double * rows)(*(k * 1e10 for k in range(rows)))),
    ]
    for n, (name, kind, data) in enumerate(columns):
        print(
            odc.odc_encoder_add_column(e, name, kind),
            odc.odc_encoder_column_set_data_array(e, n, 8, 0, data),
            end=" ",
        )
    (
        odc.odc_encoder_column_add_bitfield(e, 3, b"flag", 1),
        odc.odc_encoder_column_add_bitfield(e, 3, b"rest", 1),
    )
    print(
        odc.odc_encoder_set_row_count(e, long(rows)),
        odc.odc_encoder_set_rows_per_frame(e, long(100)),
    )
    buffer, size = c.create_string_buffer(100000), long()
    print(
        odc.odc_encode_to_buffer(e, buffer, long(100000), c.byref(size)),
        size.value > 100,
        odc.odc_free_encoder(e),
    )
    for length in (size.value, size.value - 9, 20):
        reader, frame = void(), void()
        print(
            odc.odc_open_buffer(c.byref(reader), buffer, long(length)),
            odc.odc_new_frame(c.byref(frame), reader),
        )
        while (status := odc.odc_next_frame(frame)) == 0:
            count, width, name, kind, size_, bits, decoder, done = (
                long(),
                c.c_int(),
                c.c_char_p(),
                c.c_int(),
                c.c_int(),
                c.c_int(),
                void(),
                long(),
            )
            (
                odc.odc_frame_row_count(frame, c.byref(count)),
                odc.odc_frame_column_count(frame, c.byref(width)),
            )
            told = []
            for n in range(width.value):
                odc.odc_frame_column_attributes(
                    frame, n, c.byref(name), c.byref(kind), c.byref(size_), c.byref(bits)
                )
                told.append((name.value, kind.value, size_.value, bits.value))
            text = c.c_char_p()
            (
                odc.odc_frame_property(frame, b"key", c.byref(text)),
                odc.odc_new_decoder(c.byref(decoder)),
                odc.odc_decoder_defaults_from_frame(decoder, frame),
            )
            print(
                count.value,
                told,
                text.value,
                odc.odc_decode(decoder, frame, c.byref(done)),
                done.value,
            )
            data, w, h, major = void(), long(), long(), c.c_bool()
            print(
                odc.odc_decoder_data_array(
                    decoder, c.byref(data), c.byref(w), c.byref(h), c.byref(major)
                ),
                w.value,
                h.value,
                (c.c_double * 4).from_address(data.value + 8)[0] if data.value else None,
                odc.odc_free_decoder(decoder),
            )
        print(status, odc.odc_free_frame(frame), odc.odc_close(reader))
odc.odc_error_string.restype = c.c_char_p
print(
    odc.odc_open_path(c.byref(void()), b"/no/such"),
    odc.odc_error_string(2) is not None,
    odc.odc_encoder_add_column(None, b"x", 99),
)
