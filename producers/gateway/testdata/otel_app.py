"""An application with the OpenTelemetry SDK; OTEL_EXPORTER_OTLP_ENDPOINT says where its spans go."""

import sys

from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

if sys.argv[1] == "grpc":
    from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
else:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

provider = TracerProvider(resource=Resource.create({"service.name": "support-app"}))
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
tracer = provider.get_tracer("support-app")
with tracer.start_as_current_span("answer") as root:
    root.set_attribute("openinference.span.kind", "AGENT")
    root.set_attribute("input.value", "What leak does API 624 accept?")
    with tracer.start_as_current_span("search") as search:
        search.set_attribute("openinference.span.kind", "RETRIEVER")
        search.set_attribute("retrieval.documents.0.document.id", "api-624")
        search.set_attribute("retrieval.documents.0.document.content", "At most 100 ppmv.")
    root.set_attribute("output.value", "At most 100 ppmv.")
provider.shutdown()
