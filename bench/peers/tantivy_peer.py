"""Tantivy: an inverted index with columns for sorting and filtering.

Names, ids and the result are terms; logs and messages are words with positions, for phrases; the start time is a column
for the window. A sort key has to be one number that is never equal for two runs, so each is put together from the key,
the start within the day and the number within the millisecond. (A day an index, as is usual: 2^34 places are 38 hours.)
One pass gives page and total. The Python binding offers LZ4 for the texts, and no merging into one segment.
"""

import tantivy
from tantivy import FieldType, Occur, Order, Query

from common import CORES, duration_us, folder_bytes, runs, words

DAY_MS = 86_400_000
HEAP_BYTES = 1 << 30


def version():
    return tantivy.__version__.removeprefix("tantivy v").split(",")[0]


def schema():
    builder = tantivy.SchemaBuilder()
    for name in ("Namespace", "FunctionName", "Qualifier", "RequestId"):
        builder.add_text_field(name, stored=True, tokenizer_name="raw", index_option="basic")
    for name in ("Log", "RetMsg"):
        builder.add_text_field(name, stored=True)
    builder.add_boolean_field("failed", indexed=True)
    builder.add_integer_field("StartTime", stored=True, fast=True)
    for name in ("duration_us", "MemUsage", "RetCode"):
        builder.add_unsigned_field(name, stored=True)
    for name in ("by_time", "by_duration", "by_memory"):
        builder.add_unsigned_field(name, fast=True)
    return builder.build()


def load(folder, path):
    fields = schema()
    # Sorted by time, so that columns that grow with it compress, and neighbours in the answer are neighbours on disk.
    index = tantivy.Index(fields, str(folder), sort_by_field="by_time", sort_order=Order.Desc)
    writer = index.writer(heap_size=HEAP_BYTES, num_threads=CORES)
    for run, number in runs(path):
        place = run["StartTime"] % DAY_MS << 7 | number
        duration = duration_us(run)
        del run["Duration"]
        run |= {"failed": run["RetCode"] not in (0, 2), "duration_us": duration}
        run |= {"by_time": place, "by_duration": duration << 34 | place, "by_memory": run["MemUsage"] << 34 | place}
        writer.add_document(tantivy.Document.from_dict(run, fields))
    writer.commit()
    writer.wait_merging_threads()


def settle(folder):
    """Nothing is done: what the writer did not merge stays as it is."""
    return folder_bytes(folder)


def reader(folder):
    index = tantivy.Index.open(str(folder))
    index.reload()
    return Reader(index, index.searcher())


class Reader:
    def __init__(self, index, searcher):
        self.fields = index.schema
        self.searcher = searcher

    def another(self):
        # A searcher may be used from several threads.
        return self

    def prepare(self, question):
        query, limit, offset = self.query(question), question["limit"], question["offset"]
        if question["order_by"] == "function_name":
            return lambda: self.by_name(question, query)
        by = {"start_time": "by_time", "duration": "by_duration", "mem_usage": "by_memory"}[question["order_by"]]
        if not limit:
            return lambda: ([], self.count(query))
        return lambda: self.page(query, limit, offset, by)

    def page(self, query, limit, offset, by):
        found = self.searcher.search(query, limit=limit, offset=offset, order_by_field=by)
        return [self.searcher.doc(address).to_dict() for _, address in found.hits], found.count

    def count(self, query):
        # By a column, since scores would be worked out otherwise.
        return self.searcher.search(query, limit=1, order_by_field="by_time").count

    def by_name(self, question, query):
        """From one function to the next in the order of their names, until the page is full."""
        rows, skip = [], question["offset"]
        for name, _ in sorted(self.searcher.terms_with_prefix("FunctionName", ""), reverse=True):
            of_function = all_of([query, self.term("FunctionName", name)])
            more, count = self.page(of_function, question["limit"] - len(rows), skip, "by_time")
            rows += more
            skip = max(0, skip - count)
            if len(rows) == question["limit"]:
                break
        return rows, self.count(query)

    def answer(self, asked):
        documents, total = asked
        names = "RequestId FunctionName Qualifier StartTime duration_us MemUsage RetCode RetMsg Log".split()
        return [[document[name][0] for name in names] for document in documents], total

    def term(self, field, value):
        return Query.term_query(self.fields, field, value, "basic")

    def query(self, question):
        every = [self.term("Namespace", question["namespace"])]
        if question["function"]:
            every.append(self.term("FunctionName", question["function"]))
        if question["request_id"]:
            every.append(self.term("RequestId", question["request_id"]))
        if question["failed"]:
            every.append(self.term("failed", True))
        if question["window"]:
            ends = *question["window"], True, False
            every.append(Query.range_query(self.fields, "StartTime", FieldType.Integer, *ends))
        if question["keyword"]:
            phrase = words(question["keyword"])
            either = (Query.phrase_query(self.fields, field, phrase) for field in ("Log", "RetMsg"))
            every.append(Query.boolean_query([(Occur.Should, query) for query in either]))
        return all_of(every)


def all_of(queries):
    return Query.boolean_query([(Occur.Must, query) for query in queries])
