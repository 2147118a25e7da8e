"""libyaml: reading and writing."""

import yaml

text = "a: [1, 2.5, null]\nb: &x {c: 'd'}\ne: *x\n"
print(yaml.load(text, yaml.CSafeLoader), yaml.dump({"k": ["é", 1]}, Dumper=yaml.CSafeDumper))
