using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry.Metrics;

namespace Snippets;

internal static class TelemetrySnippets
{
    public static void Collect(WebApplicationBuilder builder)
    {
        // snippet: telemetry-collect
        builder.Services.AddOpenTelemetry()
            .WithMetrics(metrics => metrics.AddMeter("Coordination").AddPrometheusExporter())
            .WithTracing(traces => traces.AddSource("Coordination"));
        // end
    }

    public static void Health(WebApplicationBuilder builder)
    {
        // snippet: telemetry-health
        builder.Services.AddHealthChecks().AddCoordinator(); // AddCoordinator("orders") for a coordinator under a key
        var app = builder.Build();
        app.MapHealthChecks("/health");
        // end
    }
}
