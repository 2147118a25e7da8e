"""JPEG pictures of several kinds read, written, changed, cut short and wrong, by dlib."""

import base64
import os
import tempfile

import dlib
import numpy

PICTURES = {
    "plain": "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAUDBAQEAwUEBAQFBQUGBwwIBwcHBw8LCwkMEQ8SEhEPERETFhwXExQaFRERGCEYGh0dHx8fExciJCIeJBweHx7/2wBDAQUFBQcGBw4ICA4eFBEUHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh7/wAARCAAgADADASIAAhEBAxEB/8QAHwAAAQUBAQEBAQEAAAAAAAAAAAECAwQFBgcICQoL/8QAtRAAAgEDAwIEAwUFBAQAAAF9AQIDAAQRBRIhMUEGE1FhByJxFDKBkaEII0KxwRVS0fAkM2JyggkKFhcYGRolJicoKSo0NTY3ODk6Q0RFRkdISUpTVFVWV1hZWmNkZWZnaGlqc3R1dnd4eXqDhIWGh4iJipKTlJWWl5iZmqKjpKWmp6ipqrKztLW2t7i5usLDxMXGx8jJytLT1NXW19jZ2uHi4+Tl5ufo6erx8vP09fb3+Pn6/8QAHwEAAwEBAQEBAQEBAQAAAAAAAAECAwQFBgcICQoL/8QAtREAAgECBAQDBAcFBAQAAQJ3AAECAxEEBSExBhJBUQdhcRMiMoEIFEKRobHBCSMzUvAVYnLRChYkNOEl8RcYGRomJygpKjU2Nzg5OkNERUZHSElKU1RVVldYWVpjZGVmZ2hpanN0dXZ3eHl6goOEhYaHiImKkpOUlZaXmJmaoqOkpaanqKmqsrO0tba3uLm6wsPExcbHyMnK0tPU1dbX2Nna4uPk5ebn6Onq8vP09fb3+Pn6/9oADAMBAAIRAxEAPwD5XtNIzj5f0rYs9Ezj5K6nTtIzj5a6TTtEzj5KvKsP9esebgc95banF2fh/OPk/Sti08N5x+7/AErtFsIrZgnlGSTrtHGPqauWumXc5HJQZzhBj/69etiKOV4Wp7Fp1Ki3UVt6t6fJXa6o+5yzPZySd7I5WDw3GihpAqDpljitGDQrNWAZ1PGflBb+VdZbaDBBt87apPbGT+QrUs9MU4ENoTx1bjn6V5mIqYWm+WVGEJdm5TfzUUmr9L2P0DLM7k7e8/yOR0jSM4+SukGnm2gTYg8xzhcjp6mt7Q9Izt+SteHSTPfsdpwnyDI9Ov65rw8szWphcri6LtUqNRi+3Vv5LRdm0z+KsDnClPV6I5bStBAAZlAAGST2rVt7CSRtlsmyPpuxyf8AD+ddSNKaSUWyD92uN2O5/wDrfzrUh0zb/o9uvz9GYfw+w9656mYww0HRotxhF2bXxTl/LHy7v8ktfvctzltptnKWujQW5CGMvJj7oH861rfS5iu5ysEfoOD69eufpXT22jrb7Y44g8pxkEcKPetO30hUcGVTNNx8voP6fSvKqZlKinTVoJaNJtJeUpL3pytvGNr9k9D9By3Ob2dz/9k=",
    "progressive": "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAA0JCgsKCA0LCgsODg0PEyAVExISEyccHhcgLikxMC4pLSwzOko+MzZGNywtQFdBRkxOUlNSMj5aYVpQYEpRUk//2wBDAQ4ODhMREyYVFSZPNS01T09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT0//wgARCAAgADADASIAAhEBAxEB/8QAFwABAQEBAAAAAAAAAAAAAAAABAMCBv/EABgBAAMBAQAAAAAAAAAAAAAAAAIDBAAG/9oADAMBAAIQAxAAAAHnqovgLRW2VH2nYVntaquZPRGxrPRGws//xAAZEAEAAwEBAAAAAAAAAAAAAAAAAQISESH/2gAIAQEAAQUCiqKooijDMIqirnHJYRCtXOIo4yyrVn3LLLL/xAAWEQADAAAAAAAAAAAAAAAAAAAAAgP/2gAIAQMBAT8BWolRKi0EoJQ//8QAHBEAAgIDAQEAAAAAAAAAAAAAAAEDEhEhQQIx/9oACAECAQE/AY1YajWvo6rh4kxHrpfGkXwf/8QAFRABAQAAAAAAAAAAAAAAAAAAMDH/2gAIAQEABj8COL//xAAeEAEAAQMFAQAAAAAAAAAAAAABABARISAxQVFxYf/aAAgBAQABPyHQIneFa7eGYNAG86aDF9pDdoE9gvCgXTk2hwIW7GYdss//2gAMAwEAAgADAAAAEMmhWR9P/8QAGBEAAwEBAAAAAAAAAAAAAAAAAAEREFH/2gAIAQMBAT8QkOY7pdlcf//EACARAQABAwMFAAAAAAAAAAAAAAEAITFREUGhYXGRsfD/2gAIAQIBAT8QjZ3MEdBA4qvGkYt1BEGwHlcH3EVRbt6W69Cf/8QAHhAAAgIDAQEBAQAAAAAAAAAAAAERITFRYUGBcbH/2gAIAQEAAT8Q4nE4nAQlMEuiTtr5ZxOImItoc1coi6IT6fSWKKMK2CqWqHELC36yranRESXHIx0S1YolBws/pBXfr0KikP8AgWnR6D//2Q==",
    "grey": "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAoHBwgHBgoICAgLCgoLDhgQDg0NDh0VFhEYIx8lJCIfIiEmKzcvJik0KSEiMEExNDk7Pj4+JS5ESUM8SDc9Pjv/wAALCAAgADABAREA/8QAHwAAAQUBAQEBAQEAAAAAAAAAAAECAwQFBgcICQoL/8QAtRAAAgEDAwIEAwUFBAQAAAF9AQIDAAQRBRIhMUEGE1FhByJxFDKBkaEII0KxwRVS0fAkM2JyggkKFhcYGRolJicoKSo0NTY3ODk6Q0RFRkdISUpTVFVWV1hZWmNkZWZnaGlqc3R1dnd4eXqDhIWGh4iJipKTlJWWl5iZmqKjpKWmp6ipqrKztLW2t7i5usLDxMXGx8jJytLT1NXW19jZ2uHi4+Tl5ufo6erx8vP09fb3+Pn6/9oACAEBAAA/APK4rLParkWn5/hq5Fpuf4auRaXn+GraaUqgFsAe9WU0+EEAkfgM1kQWWccVpQafnHFWxbJEQu3c3oO1Tx2k0nfaPReKsx6dHHjfge1WorQfwRE8dTWRa2WccVpfZjEg2j5m6VNbacMZIwKtJbsx2xjC+uOTVmOxSLgrlvQVbSzcjJxGvtWVZ2WccVcWy8yc8cDgcVa+xln8tR8o6+5q0lpj93GOe59Ksx2IiwqqC/8AKrKWQVvmBd/Sv//Z",
}
with tempfile.TemporaryDirectory() as directory:
    for name, text in PICTURES.items():
        path = os.path.join(directory, name + ".jpg")
        with open(path, "wb") as f:
            f.write(base64.b64decode(text))
        for load in (dlib.load_rgb_image, dlib.load_grayscale_image):
            picture = load(path)
            print(name, load.__name__, picture.shape, int(picture.astype("i8").sum()) // 20000)
    picture = dlib.load_rgb_image(path.replace("grey", "plain"))
    for quality in (30, 75, 100):
        made = os.path.join(directory, f"q{quality}.jpg")
        dlib.save_image(picture, made, quality)
        back = dlib.load_rgb_image(made)
        print(
            quality,
            back.shape,
            numpy.abs(back.astype("i4") - picture).mean() < 20,
            os.path.getsize(made) > 300,
        )
    for _ in range(20):
        dlib.load_rgb_image(made)
    dlib.save_image(dlib.load_grayscale_image(made), made)
    print(dlib.load_rgb_image(made).shape)
    whole = open(made, "rb").read()
    for name, data in (("empty", b""), ("garbage", b"garbage" * 50), ("head", whole[:100])):
        path = os.path.join(directory, name + ".jpg")
        with open(path, "wb") as f:
            f.write(data)
        try:
            print(name, dlib.load_rgb_image(path).shape)
        except Exception as e:
            print(name, type(e).__name__)
