namespace Coordination.Benchmarks.Measuring;

/// <summary>How evenly workers were served.</summary>
internal static class Fairness
{
    /// <summary>Jain's index: 1 when all had as many, 1/n when one of n had all, 0 when nobody had any.</summary>
    public static double JainIndex(IReadOnlyCollection<int> counts)
    {
        var (sum, squares) = (counts.Sum(static count => (double)count), counts.Sum(static count => (double)count * count));
        return sum == 0 ? 0 : sum * sum / (counts.Count * squares);
    }
}
