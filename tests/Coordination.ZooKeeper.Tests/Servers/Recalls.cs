using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;

namespace Coordination.ZooKeeper.Tests.Servers;

/// <summary>The pings that this process sent behind late requests, by the product's own counter: how many there are is the machine's doing and no cost of an operation.</summary>
internal static class Recalls
{
    private static readonly MeterListener Listener = new();
    private static readonly ConcurrentDictionary<string, long> Counts = new(StringComparer.Ordinal);

    public static long Of(string server) => Counts.GetValueOrDefault(server);

    [ModuleInitializer]
    internal static void Listen()
    {
        Listener.InstrumentPublished = static (instrument, listener) =>
        {
            if (instrument.Name == "coordination.zookeeper.recalls")
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        Listener.SetMeasurementEventCallback<long>(static (_, count, tags, _) =>
        {
            var server = $"{tags[0].Value}:{tags[1].Value}";
            Counts.AddOrUpdate(server, count, (_, before) => before + count);
        });
        Listener.Start();
    }
}
