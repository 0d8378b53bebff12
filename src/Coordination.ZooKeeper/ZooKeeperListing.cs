using Coordination.Backends;

namespace Coordination.ZooKeeper;

/// <summary>One claim of a queue that was listed.</summary>
/// <param name="Node">The name of its node.</param>
/// <param name="Claim">What the name says.</param>
/// <param name="IsGranted">Whether the rule grants it.</param>
internal readonly record struct ZooKeeperListed(string Node, ZooKeeperClaimName Claim, bool IsGranted);

/// <summary>A resource's queue as a listing of its node shows it: who stands where, and who is granted.</summary>
internal static class ZooKeeperListing
{
    /// <summary>Reads a listing.</summary>
    /// <param name="nodes">The names of the children, in no order.</param>
    /// <returns>The claims in their order.</returns>
    public static List<ZooKeeperListed> Read(IReadOnlyList<string> nodes)
    {
        var queue = new List<ZooKeeperListed>(nodes.Count);
        foreach (var node in nodes)
        {
            if (ZooKeeperClaimName.TryParse(node, out var claim))
            {
                queue.Add(new ZooKeeperListed(node, claim, IsGranted: false));
            }
        }

        queue.Sort(static (left, right) => ZooKeeperClaimName.ByPlace.Compare(left.Claim.Sequence, right.Claim.Sequence));
        var rule = new GrantRule();
        for (var i = 0; i < queue.Count && rule.TryGrant(queue[i].Claim.Mode, queue[i].Claim.Limit); i++)
        {
            queue[i] = queue[i] with { IsGranted = true };
        }

        return queue;
    }

    /// <summary>Finds a claim by its id.</summary>
    /// <param name="queue">The queue.</param>
    /// <param name="id">The id.</param>
    /// <returns>The first with the id; <see langword="null"/> when there is none.</returns>
    public static ZooKeeperListed? Find(List<ZooKeeperListed> queue, string id)
    {
        foreach (var listed in queue)
        {
            if (string.Equals(listed.Claim.Id, id, StringComparison.Ordinal))
            {
                return listed;
            }
        }

        return null;
    }
}
