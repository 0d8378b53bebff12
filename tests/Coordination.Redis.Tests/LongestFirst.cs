using Coordination.Redis.Tests;
using Xunit.Sdk;
using Xunit.v3;

[assembly: TestCollectionOrderer(typeof(LongestFirst))]

namespace Coordination.Redis.Tests;

/// <summary>Begins with the classes that take longest, which wait most of their time: none of them is then waited for by itself at the end.</summary>
public sealed class LongestFirst : ITestCollectionOrderer
{
    private static readonly string[] Long =
    [
        Conformance.ContainerConformanceFixture.OneByOne, "NothingHangs", "Outage", nameof(FaultTests), nameof(ReplicationTests), "RenewalScales", "Acquisition", "Loss",
        "Crash", nameof(Conformance.RedisRelease), "HandRenewed", "NothingLeftBehind",
    ];

    /// <inheritdoc/>
    public IReadOnlyCollection<TTestCollection> OrderTestCollections<TTestCollection>(IReadOnlyCollection<TTestCollection> testCollections)
        where TTestCollection : ITestCollection =>
        [.. testCollections.OrderBy(static collection => Rank(collection.TestCollectionDisplayName))];

    private static int Rank(string name)
    {
        var rank = Array.FindIndex(Long, part => name.Contains(part, StringComparison.Ordinal));
        return rank < 0 ? Long.Length : rank;
    }
}
