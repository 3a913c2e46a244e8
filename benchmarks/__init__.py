"""What the durable path costs, side by side with the alternative in the same run. Figures are ratios first."""
