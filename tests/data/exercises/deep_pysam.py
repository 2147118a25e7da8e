"""SAM, BAM, CRAM, VCF, BCF, tabix, FASTA, indexes, threads and errors of htslib by pysam."""

import os
import tempfile

import pysam

pysam.set_verbosity(0)
d = tempfile.mkdtemp()
sequence = "".join("ACGT"[n * n % 7 % 4] for n in range(5000))
fasta = os.path.join(d, "r.fa")
with open(fasta, "w") as f:
    f.write(
        ">chr1\n"
        + "\n".join(sequence[i : i + 60] for i in range(0, 5000, 60))
        + "\n>chr2\n"
        + sequence[:500]
        + "\n"
    )
pysam.faidx(fasta)
with pysam.FastaFile(fasta) as fa:
    print(fa.references, fa.lengths, fa.fetch("chr1", 100, 120), fa.nreferences)
header = {
    "HD": {"VN": "1.6", "SO": "coordinate"},
    "SQ": [{"SN": "chr1", "LN": 5000}, {"SN": "chr2", "LN": 500}],
    "RG": [{"ID": "g", "SM": "s"}],
}
for mode, name in (("w", "a.sam"), ("wb", "a.bam"), ("wc", "a.cram"), ("wbu", "b.bam")):
    path = os.path.join(d, name)
    with pysam.AlignmentFile(path, mode, header=header, reference_filename=fasta, threads=2) as f:
        for n in range(300):
            a = pysam.AlignedSegment(f.header)
            a.query_name, a.reference_id, a.reference_start, a.mapping_quality = (
                f"r{n}",
                0,
                n * 15,
                20 + n % 40,
            )
            a.query_sequence = sequence[n * 15 : n * 15 + 50]
            a.cigartuples, a.flag = [(0, 50)] if n % 3 else [(0, 20), (1, 2), (0, 28)], 16 * (n % 2)
            a.query_qualities = pysam.qualitystring_to_array("I" * 50)
            a.tags = [("RG", "g"), ("NM", n % 4), ("XA", "text"), ("XF", 0.5), ("XB", [1, 2, 3])]
            f.write(a)
    with pysam.AlignmentFile(path, reference_filename=fasta, threads=2) as f:
        reads = list(f)
        print(
            name,
            len(reads),
            reads[7].query_name,
            reads[7].cigarstring,
            reads[7].get_tags()[:3],
            reads[7].query_sequence[:20],
            f.is_bam,
            f.is_cram,
            f.format,
        )
    if name in ("a.bam", "a.cram", "c.bam"):
        pysam.index(path)
        with pysam.AlignmentFile(path, reference_filename=fasta) as f:
            print(
                f.count("chr1", 1000, 1100),
                [r.query_name for r in f.fetch("chr1", 200, 260)],
                f.mapped,
                f.get_index_statistics()[0],
            )
            print(
                [(p.reference_pos, p.nsegments) for p in f.pileup("chr1", 300, 305, truncate=True)],
                [sum(x) for x in f.count_coverage("chr1", 0, 300)],
            )
print(
    pysam.flagstat(os.path.join(d, "a.bam")).splitlines()[0],
    pysam.view("-c", os.path.join(d, "a.bam")).strip(),
    len(pysam.sort("-n", "--no-PG", "-O", "sam", os.path.join(d, "a.bam")).splitlines()),
)
h = pysam.VariantHeader()
h.add_sample("s")
h.contigs.add("chr1", length=5000)
for line in (
    '##INFO=<ID=DP,Number=1,Type=Integer,Description="d">',
    '##INFO=<ID=AF,Number=A,Type=Float,Description="f">',
    '##FORMAT=<ID=GT,Number=1,Type=String,Description="g">',
    '##FILTER=<ID=q10,Description="q">',
):
    h.add_line(line)
for mode, name in (("w", "a.vcf"), ("wz", "a.vcf.gz"), ("wb", "a.bcf")):
    path = os.path.join(d, name)
    with pysam.VariantFile(path, mode, header=h) as f:
        for n in range(100):
            r = f.new_record(
                "chr1",
                n * 10,
                n * 10 + 1,
                ("A", "C", "<DEL>") if n % 5 == 0 else ("A", "T"),
                filter="q10" if n % 2 else "PASS",
                qual=n + 0.5,
                info={"DP": n, "AF": [0.25] * (2 if n % 5 == 0 else 1)},
            )
            r.samples["s"]["GT"] = (0, 1)
            r.samples["s"].phased = bool(n % 3)
            f.write(r)
    with pysam.VariantFile(path) as f:
        rs = list(f)
        print(
            name,
            len(rs),
            str(rs[5]).strip(),
            rs[5].alts,
            rs[5].info["AF"],
            rs[5].samples["s"].allele_indices,
        )
    if name == "a.vcf.gz":
        pysam.tabix_index(path, preset="vcf", force=True)
        with pysam.VariantFile(path) as f:
            print([r.pos for r in f.fetch("chr1", 100, 150)])
with open(os.path.join(d, "a.bed"), "w") as f:
    f.write("".join(f"chr1\t{n * 10}\t{n * 10 + 5}\tn{n}\n" for n in range(200)))
path = pysam.tabix_index(os.path.join(d, "a.bed"), preset="bed", force=True)
with pysam.TabixFile(path, parser=pysam.asBed()) as t:
    print([(b.start, b.name) for b in t.fetch("chr1", 500, 530)], t.contigs)
with pysam.BGZFile(os.path.join(d, "x.gz"), "wb") as b:
    b.write(sequence.encode() * 50)
print(len(pysam.BGZFile(os.path.join(d, "x.gz")).read()))
with open(os.path.join(d, "q.fq"), "w") as f:
    f.write("@a c\nACGT\n+\nIIII\n" * 5)
print([(e.name, e.comment, e.quality) for e in pysam.FastxFile(os.path.join(d, "q.fq"))])
with open(os.path.join(d, "bad.bam"), "wb") as f:
    f.write(open(os.path.join(d, "a.bam"), "rb").read()[:700])
for bad in (
    lambda: len(list(pysam.AlignmentFile(os.path.join(d, "bad.bam")))),
    lambda: pysam.AlignmentFile("/nowhere"),
    lambda: pysam.FastaFile("/no"),
    lambda: pysam.VariantFile(fasta),
    lambda: pysam.AlignmentFile("http://127.0.0.1:9/x.bam"),
    lambda: list(pysam.AlignmentFile(os.path.join(d, "a.sam")).fetch("chr1", 1, 2)),
    lambda: pysam.view("--nosuch"),
):
    try:
        print(bad())
    except Exception as e:
        print(type(e).__name__)
