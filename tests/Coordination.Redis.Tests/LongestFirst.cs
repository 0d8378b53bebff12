using Coordination.Redis.Tests;
using Xunit.Sdk;
using Xunit.v3;

[assembly: TestCollectionOrderer(typeof(LongestFirst))]

namespace Coordination.Redis.Tests;

/// <summary>Classes that compute most of their time, one after the other: two of them leave nothing of two cores to those that renew a lease of two seconds.</summary>
internal static class MuchWork
{
    public const string OneByOne = "much work";
}

/// <summary>Begins with the classes that take longest, which wait most of their time: none of them is then waited for by itself at the end.</summary>
public sealed class LongestFirst : ITestCollectionOrderer
{
    private static readonly string[] Long =
    [
        Conformance.ContainerConformanceFixture.OneByOne, MuchWork.OneByOne, "NothingHangs", "Outage", nameof(FaultTests), nameof(ReplicationTests), "Acquisition", "Loss",
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
