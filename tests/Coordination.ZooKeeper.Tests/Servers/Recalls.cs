using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;

namespace Coordination.ZooKeeper.Tests.Servers;

/// <summary>The pings that this process sent behind late requests, by the product's own counter: how many there are is the machine's doing and no cost of an operation.</summary>
internal static class Recalls
{
    private static readonly MeterListener Listener = new();
    private static readonly ConcurrentDictionary<string, long> Counts = new(StringComparer.Ordinal);

    /// <summary>A count of messages without the recalls among them.</summary>
    /// <param name="count">Counts.</param>
    /// <param name="servers">Where clients find what is counted, by their own addresses: those of proxies, if there are any in between.</param>
    public static async Task<long> LeaveOutAsync(Func<Task<long>> count, params IReadOnlyCollection<string> servers)
    {
        // A recall is counted here when it is sent and there when it has come. So it is when nothing changes for a moment that the two fit.
        var began = Stopwatch.GetTimestamp();
        while (true)
        {
            var (recalls, counted) = (Sum(), await count());
            await Task.Delay(50);
            if (await count() == counted && Sum() == recalls)
            {
                return counted - recalls;
            }

            if (Stopwatch.GetElapsedTime(began) > TimeSpan.FromSeconds(20))
            {
                throw new InvalidOperationException("The server is never asked nothing for a moment.");
            }
        }

        long Sum() => servers.Sum(static server => Counts.GetValueOrDefault(server));
    }

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
