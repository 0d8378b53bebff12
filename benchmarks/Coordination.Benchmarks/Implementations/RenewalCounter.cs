using System.Diagnostics.Metrics;

namespace Coordination.Benchmarks.Implementations;

/// <summary>Counts the renewals of this process's coordinators, by the library's own meter.</summary>
internal sealed class RenewalCounter : IDisposable
{
    private readonly MeterListener _listener = new();
    private long _count;
    private double _seconds;

    public RenewalCounter()
    {
        _listener.InstrumentPublished = static (instrument, listener) =>
        {
            if (instrument is { Meter.Name: "Coordination", Name: "coordination.renewal.duration" })
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<double>((_, seconds, _, _) =>
        {
            Interlocked.Increment(ref _count);
            Volatile.Write(ref _seconds, seconds);
        });
        _listener.Start();
    }

    public long Count => Volatile.Read(ref _count);

    /// <summary>How long the last renewal took.</summary>
    public TimeSpan Last => TimeSpan.FromSeconds(Volatile.Read(ref _seconds));

    public void Dispose() => _listener.Dispose();
}
