"""VCF and BCF written, read, changed, indexed, filtered and broken by cyvcf2 with its htslib."""

import itertools
import os
import tempfile

import cyvcf2

cyvcf2.set_verbosity(0) if hasattr(cyvcf2, "set_verbosity") else None
d = tempfile.mkdtemp()
head = '##fileformat=VCFv4.2\n##contig=<ID=chr1,length=5000>\n##INFO=<ID=DP,Number=1,Type=Integer,Description="d">\n##INFO=<ID=AF,Number=A,Type=Float,Description="f">\n##INFO=<ID=FL,Number=0,Type=Flag,Description="x">\n##FORMAT=<ID=GT,Number=1,Type=String,Description="g">\n##FORMAT=<ID=AD,Number=R,Type=Integer,Description="a">\n##FORMAT=<ID=GQ,Number=1,Type=Integer,Description="q">\n##FILTER=<ID=q10,Description="q">\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\ts1\ts2\n'
rows = "".join(
    f"chr1\t{n * 10 + 1}\trs{n}\t{'ACGT'[n % 4]}\t{'T,G' if n % 5 == 0 and n % 4 == 1 else 'CAAC'[n % 4] if n % 7 else 'CAAC'[n % 4] + 'GG'}\t{n}.5\t{'PASS' if n % 3 else 'q10'}\tDP={n}{';FL' if n % 2 else ''}\tGT:AD:GQ\t0/1:{n},{n + 1}{',3' if n % 5 == 0 and n % 4 == 1 else ''}:{n % 99}\t{'./.' if n % 6 == 0 else '1|1'}:1,2{',3' if n % 5 == 0 and n % 4 == 1 else ''}:9\n"
    for n in range(200)
)
path = os.path.join(d, "a.vcf")
with open(path, "w") as f:
    f.write(head + rows)
vcf = cyvcf2.VCF(path, gts012=True)
print(
    vcf.samples,
    vcf.seqnames,
    vcf.seqlens,
    vcf.contains("DP"),
    vcf.get_header_type("DP")["Type"],
    len(vcf.raw_header),
)
vcf.add_info_to_header({"ID": "NEW", "Type": "Character", "Number": "1", "Description": "n"})
vcf.add_filter_to_header({"ID": "F9", "Description": "f"})
for mode, name in (("w", "b.vcf"), ("wz", "b.vcf.gz"), ("wb", "b.bcf")):
    w = cyvcf2.Writer(os.path.join(d, name), vcf, mode)
    for v in cyvcf2.VCF(path):
        w.write_record(v)
    w.close()
    print(name, sum(1 for _ in cyvcf2.VCF(os.path.join(d, name))))
w = cyvcf2.Writer(os.path.join(d, "c.vcf.gz"), vcf, "wz")
for n, v in enumerate(vcf):
    if n < 12:
        print(
            v.CHROM,
            v.POS,
            v.ID,
            v.REF,
            v.ALT,
            v.QUAL,
            v.FILTER,
            dict(v.INFO),
            v.gt_types,
            v.gt_bases,
            v.genotypes,
            v.format("AD").tolist(),
            v.gt_quals,
            v.gt_depths,
            v.num_het,
            v.aaf,
            v.call_rate,
        )
        print(
            v.is_snp,
            v.is_indel,
            v.var_type,
            v.start,
            v.end,
            v.gt_phases,
            v.nucl_diversity if v.is_snp else "",
        )
    v.INFO["NEW"] = f"n{n}"
    v.INFO["DP"] = n * 2
    v.QUAL = 99.0
    v.FILTER = "F9" if n % 2 else "PASS"
    v.genotypes = [[1, 1, True], [0, -1, False]]
    v.set_format("GQ", __import__("numpy").array([5, 6]))
    w.write_record(v)
w.close()
print([(str(v).strip()) for v in itertools.islice(cyvcf2.VCF(os.path.join(d, "c.vcf.gz")), 3)])
v = cyvcf2.VCF(os.path.join(d, "c.vcf.gz"), samples=["s2"], threads=2, lazy=True)
print(v.samples, sum(r.INFO["DP"] for r in v))
for bad in (
    lambda: cyvcf2.VCF("/nowhere"),
    lambda: list(cyvcf2.VCF(path)("chr1:1-5")),
    lambda: cyvcf2.VCF("http://127.0.0.1:9/x.vcf"),
    lambda: cyvcf2.VCF("https://127.0.0.1:9/x.vcf.gz"),
    lambda: cyvcf2.VCF(__file__),
    lambda: cyvcf2.VCF("s3://none/x.vcf"),
):
    try:
        print(bad() is None)
    except Exception as e:
        print(type(e).__name__)
