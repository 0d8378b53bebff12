using System.Collections.Concurrent;
using System.Diagnostics.Tracing;
using System.Globalization;

namespace Coordination.Benchmarks.Measuring;

/// <summary>
/// Listens to the runtime's own samples, one for about every 100 kB allocated, and adds them up by type. The event itself allocates
/// (on the listener's thread): read it as shares, not as bytes.
/// </summary>
internal sealed class AllocationSampler : EventListener
{
    private const EventKeywords Gc = (EventKeywords)1;

    private readonly ConcurrentDictionary<string, long> _bytes = new(StringComparer.Ordinal);

    /// <summary>Shares of what was allocated, the largest first.</summary>
    public IReadOnlyList<(string Type, double Share)> Shares()
    {
        var all = _bytes.ToArray();
        var sum = (double)all.Sum(static pair => pair.Value);
        return [.. all.OrderByDescending(static pair => pair.Value).Select(pair => (pair.Key, pair.Value / sum))];
    }

    public void Clear() => _bytes.Clear();

    protected override void OnEventSourceCreated(EventSource eventSource)
    {
        if (eventSource.Name == "Microsoft-Windows-DotNETRuntime")
        {
            EnableEvents(eventSource, EventLevel.Verbose, Gc);
        }
    }

    protected override void OnEventWritten(EventWrittenEventArgs eventData)
    {
        if (eventData.EventName?.StartsWith("GCAllocationTick", StringComparison.Ordinal) == true
            && eventData.PayloadNames is { } names
            && names.IndexOf("TypeName") is >= 0 and var type
            && names.IndexOf("AllocationAmount64") is >= 0 and var amount)
        {
            var bytes = Convert.ToInt64(eventData.Payload![amount], CultureInfo.InvariantCulture);
            _bytes.AddOrUpdate((string)eventData.Payload[type]!, bytes, (_, sum) => sum + bytes);
        }
    }
}
