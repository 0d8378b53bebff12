using Coordination.Backends;

namespace Snippets;

internal static class BackendSnippets
{
    public static int Granted(IEnumerable<(ClaimMode Mode, int Limit)> queue) => CountGranted(queue);

    // snippet: grant-rule
    private static int CountGranted(IEnumerable<(ClaimMode Mode, int Limit)> queue)
    {
        var rule = new GrantRule();
        foreach (var (mode, limit) in queue)
        {
            if (!rule.TryGrant(mode, limit))
            {
                break;
            }
        }

        return rule.Count;
    }
    // end
}
